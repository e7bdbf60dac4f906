using System.Globalization;
using System.Numerics;
using RufusIngest.Readers;
using RufusIngest.Reads;

namespace RufusIngest.Fuzz.Readings.Binary;

/// <summary>
/// LLRP's reports read the plain way, for comparison: a message becomes a tree of objects, and the tree is then looked
/// through by what each field means. It shares nothing with the parser.
/// </summary>
static class SlowLlrp
{
    /// <summary>What must come out of a stream.</summary>
    public sealed class Answer
    {
        public List<ChipRead> Reads { get; } = [];

        /// <summary>Those of reports only.</summary>
        public List<(RejectReason Reason, byte[] Bytes)> Rejects { get; } = [];
    }

    /// <summary>A parameter; the value is what stands behind its type and, of a TLV, its length.</summary>
    sealed record Parameter(string Name, byte[] Value, byte[] Bytes);

    static readonly Dictionary<int, int> ValueBytesOfTv = new()
    {
        [1] = 2,
        [2] = 8,
        [3] = 8,
        [4] = 8,
        [5] = 8,
        [6] = 1,
        [7] = 2,
        [8] = 2,
        [9] = 4,
        [10] = 2,
        [11] = 2,
        [12] = 2,
        [13] = 12,
        [14] = 2,
        [15] = 2,
        [16] = 4,
        [17] = 2,
        [18] = 4,
        [19] = 2,
        [20] = 2,
    };

    /// <summary>What a whole message must give; nothing where it is no report.</summary>
    public static Answer Read(byte[] message)
    {
        Answer answer = new();
        if ((Number(message[..2]) & 0x3FF) != 61)
            return answer;
        (List<Parameter> parameters, RejectReason damage, byte[] rest) = Children(message[10..]);
        foreach (Parameter parameter in parameters.Where(p => p.Name == "TLV 240"))
        {
            RejectReason reason = ReadTag(parameter, out ChipRead read);
            if (reason == RejectReason.None)
                answer.Reads.Add(read);
            else
                answer.Rejects.Add((reason, parameter.Bytes));
        }

        if (damage != RejectReason.None)
            answer.Rejects.Add((damage, rest));
        return answer;
    }

    static (List<Parameter> Parameters, RejectReason Damage, byte[] Behind) Children(byte[] container)
    {
        List<Parameter> parameters = [];
        byte[] rest = container;
        while (rest.Length > 0)
        {
            int head, size;
            string name;
            if (rest[0] >= 128)
            {
                int type = rest[0] - 128;
                if (!ValueBytesOfTv.TryGetValue(type, out int value))
                    return (parameters, RejectReason.UnknownFrame, rest);
                (head, size, name) = (1, 1 + value, $"TV {type}");
            }
            else
            {
                if (rest.Length < 4)
                    return (parameters, RejectReason.BadNumber, rest);
                (head, size, name) = (4, (int)Number(rest[2..4]), $"TLV {Number(rest[..2]) % 1024}");
            }

            if (size < head || size > rest.Length)
                return (parameters, RejectReason.BadNumber, rest);
            if (name == "TLV 1023" && size >= 12)
            {
                name = string.Create(CultureInfo.InvariantCulture, $"{Number(rest[4..8])}.{Number(rest[8..12])}");
                head = 12;
            }

            parameters.Add(new Parameter(name, rest[head..size], rest[..size]));
            rest = rest[size..];
        }

        return (parameters, RejectReason.None, rest);
    }

    static RejectReason ReadTag(Parameter tag, out ChipRead read)
    {
        read = default;
        (List<Parameter> parameters, RejectReason damage, _) = Children(tag.Value);
        string bits = "";
        foreach (Parameter epc in parameters.Where(p => p.Name is "TV 13" or "TLV 241"))
        {
            RejectReason reason = TryBits(epc, ref bits);
            if (reason != RejectReason.None)
                return reason;
        }

        if (bits.Length == 0)
            return damage == RejectReason.BadNumber ? RejectReason.BadNumber : RejectReason.NoChip;
        bool isDropped = damage != RejectReason.None;
        read = new ChipRead
        {
            Chip = ChipOf(bits),
            Number = ValueOf(parameters, "24213.56", 2, ref isDropped) is { } count ? (long)count : -1,
            Antenna = (ushort)(ValueOf(parameters, "TV 1", 2, ref isDropped) ?? 0),
            Hits = Math.Max(1, (int)(ValueOf(parameters, "TV 8", 2, ref isDropped) ?? 1)),
            RssiCentiDbm = SignalOf(parameters, ref isDropped),
            Detail = DetailOf(parameters, ref isDropped),
        };
        SetTime(ref read, parameters, ref isDropped);
        SetPosition(ref read, parameters, ref isDropped);
        read.Flags |= isDropped ? ReadFlags.FieldDropped : ReadFlags.None;
        return RejectReason.None;
    }

    static RejectReason TryBits(Parameter epc, ref string bits)
    {
        if (epc.Name == "TV 13")
        {
            bits = BitsOf(epc.Value);
            return RejectReason.None;
        }

        if (epc.Value.Length < 2)
            return RejectReason.BadNumber;
        int count = (int)Number(epc.Value[..2]);
        string all = BitsOf(epc.Value[2..]);
        if (count > all.Length)
            return RejectReason.BadNumber;
        if (count > 240)
            return RejectReason.ChipTooLong;
        bits = count > 0 ? all[..count] : bits;
        return RejectReason.None;
    }

    static string BitsOf(byte[] bytes) =>
        string.Concat(bytes.Select(b => Convert.ToString(b, 2).PadLeft(8, '0')));

    static ChipCode ChipOf(string bits)
    {
        string whole = bits.PadRight((bits.Length + 7) / 8 * 8, '0');
        byte[] bytes = [.. whole.Chunk(8).Select(b => Convert.ToByte(new string(b), 2))];
        return ChipCode.TryFromEpc(bytes, bits.Length, out ChipCode chip) ? chip : throw new FormatException(bits);
    }

    /// <summary>The last value of that name that is long enough; dropped where one is too short.</summary>
    static BigInteger? ValueOf(List<Parameter> parameters, string name, int bytes, ref bool isDropped)
    {
        isDropped |= parameters.Any(p => p.Name == name && p.Value.Length < bytes);
        return parameters.LastOrDefault(p => p.Name == name && p.Value.Length >= bytes) is { } found
            ? Number(found.Value[..bytes])
            : null;
    }

    static short SignalOf(List<Parameter> parameters, ref bool isDropped)
    {
        BigInteger? whole = ValueOf(parameters, "TV 6", 1, ref isDropped);
        BigInteger? fine = ValueOf(parameters, "25882.57", 2, ref isDropped);
        return fine is { } f && f != 0x8000 ? (short)Signed(f, 16)
            : whole is { } w ? (short)(Signed(w, 8) * 100)
            : ChipRead.NoRssi;
    }

    static ulong DetailOf(List<Parameter> parameters, ref bool isDropped)
    {
        string kind = parameters.Any(p => p.Name is "TV 2" or "TV 4") ? "TV 2,TV 4" : "TV 3,TV 5";
        BigInteger? first = ValueOf(parameters, kind.Split(',')[0], 8, ref isDropped);
        BigInteger? last = ValueOf(parameters, kind.Split(',')[1], 8, ref isDropped);
        BigInteger between = first is { } from && last is { } to
            ? BigInteger.Clamp(to - from, 0, uint.MaxValue)
            : 0;
        BigInteger channel = ValueOf(parameters, "TV 7", 2, ref isDropped) ?? 0;
        _ = ValueOf(parameters, "25882.56", 2, ref isDropped);
        _ = ValueOf(parameters, "161.709", 2, ref isDropped);
        Parameter? phase = parameters.LastOrDefault(p => p.Name is "25882.56" or "161.709" && p.Value.Length >= 2);
        return (ulong)(between + (channel << 32) + ((phase is null ? 0 : Number(phase.Value[..2])) << 48));
    }

    static void SetTime(ref ChipRead read, List<Parameter> parameters, ref bool isDropped)
    {
        string? name = new[] { "TV 2", "TV 4", "TV 3", "TV 5" }.FirstOrDefault(n => parameters.Any(p => p.Name == n));
        if (name is null)
        {
            read.Flags |= ReadFlags.NoTime;
            return;
        }

        BigInteger ticks = ValueOf(parameters, name, 8, ref isDropped)!.Value * 10;
        if (ticks >= new DateTime(9999, 12, 31).Ticks - DateTime.UnixEpoch.Ticks)
        {
            read.Flags |= ReadFlags.NoTime;
            isDropped = true;
            return;
        }

        read.Time = (long)ticks;
        read.Flags |= name is "TV 3" or "TV 5" ? ReadFlags.SinceStart : ReadFlags.ZoneKnown;
        if (name is "TV 2" or "TV 4" && DateTime.UnixEpoch.AddTicks(read.Time).Year < 2001)
            read.Flags |= ReadFlags.ClockNotSet;
    }

    static void SetPosition(ref ChipRead read, List<Parameter> parameters, ref bool isDropped)
    {
        foreach (Parameter position in parameters.Where(p => p.Name == "25882.58"))
        {
            if (position.Value.Length >= 8
                && Signed(Number(position.Value[..4]), 32) is var latitude && Math.Abs(latitude) <= 90_000_000
                && Signed(Number(position.Value[4..8]), 32) is var longitude && Math.Abs(longitude) <= 180_000_000)
            {
                read.LatitudeE7 = (int)(latitude * 10);
                read.LongitudeE7 = (int)(longitude * 10);
                read.Flags |= ReadFlags.HasPosition;
            }
            else
            {
                isDropped = true;
            }
        }
    }

    static BigInteger Number(byte[] bigEndian) => new(bigEndian, isUnsigned: true, isBigEndian: true);

    static long Signed(BigInteger value, int bits) =>
        (long)(value >= BigInteger.One << (bits - 1) ? value - (BigInteger.One << bits) : value);
}
