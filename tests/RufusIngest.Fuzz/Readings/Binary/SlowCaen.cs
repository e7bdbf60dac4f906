using RufusIngest.Reads;

namespace RufusIngest.Fuzz.Readings.Binary;

/// <summary>CAEN messages the obvious way.</summary>
static class SlowCaen
{
    static readonly byte[] Vendor = [0, 0, 0x53, 0x58];

    public static int LengthAt(byte[] stream, int at) =>
        stream[at] is 0x80 or 0x00 && SlowFrames.At(stream, at, 10) is { } head && head[1] == 1
        && head[4..8].SequenceEqual(Vendor) && Number(head[8..]) is >= 10 and <= 8192
        && SlowFrames.At(stream, at, (int)Number(head[8..])) is { } message && Attributes(message) is not null
            ? message.Length : 0;

    static List<(int Type, byte[] Value)>? Attributes(byte[] message)
    {
        List<(int, byte[])> attributes = [];
        byte[] rest = message[10..];
        while (rest.Length > 0)
        {
            int length = rest.Length < 6 ? 0 : (int)Number(rest[2..4]);
            if (length < 6 || length > rest.Length)
                return null;
            attributes.Add(((int)Number(rest[4..6]), rest[6..length]));
            rest = rest[length..];
        }

        return attributes;
    }

    /// <summary>A tag goes on until one of its attributes comes again, once it has an id.</summary>
    public static List<SlowRead> ReadsOf(byte[] message)
    {
        List<SlowRead> reads = [];
        Dictionary<int, byte[]> tag = [];
        List<(int Type, byte[] Value)> attributes = Attributes(message)!;
        for (int at = 0; at < attributes.Count; at++)
        {
            (int type, byte[] value) = attributes[at];
            bool repeats = tag.ContainsKey(type) && type < 64;
            if (repeats && tag.ContainsKey(0x11)
                && attributes.Skip(at).Any(attribute => attribute.Type == 0x11))
            {
                reads.AddRange(ReadOf(tag));
                tag = [];
            }
            else if (repeats && tag.ContainsKey(0x11))
            {
                break; // What follows the last tag is not its own.
            }

            // A length or an event of a wrong size says nothing.
            if ((type != 0x0F || value.Length == 2) && (type != 0x0E || value.Length == 4))
                tag[type] = value;
            else
                tag.TryAdd(type, []);
        }

        if (attributes.Any(attribute => attribute.Type == 0x11))
            reads.AddRange(ReadOf(tag));
        return reads;
    }

    static IEnumerable<SlowRead> ReadOf(Dictionary<int, byte[]> tag)
    {
        byte[] Get(int type) => tag.GetValueOrDefault(type, []);
        byte[] id = Get(0x11);
        long length = Number(Get(0x0F));
        if (SlowRead.EpcOf(length > 0 && length < id.Length ? id[..(int)length] : id) is not { } chip)
            yield break;
        long happened = Number(Get(0x0E));
        SlowRead read = new(chip) { Detail = (ulong)happened, Flags = happened is 4 or 5 ? ReadFlags.LastSeen : 0 };
        byte[] stamp = Get(0x10);
        long micro = stamp.Length == 8 ? Number(stamp[..4]) : 0;
        long second = stamp.Length == 8 ? Number(stamp[4..]) : 0;
        if (micro >= 1_000_000)
            (micro, second) = (second, micro);
        if (stamp.Length == 8 && micro < 1_000_000)
        {
            read.Time = (second * 10_000_000) + (micro * 10);
            read.Flags |= second < 978_307_200 ? ReadFlags.ZoneKnown | ReadFlags.ClockNotSet : ReadFlags.ZoneKnown;
        }
        else
        {
            read.Flags |= stamp.Length == 0 ? ReadFlags.NoTime : ReadFlags.NoTime | ReadFlags.FieldDropped;
        }

        yield return read;
    }

    static long Number(byte[] bytes) => bytes.Aggregate(0L, (value, b) => (value * 256) + b);
}
