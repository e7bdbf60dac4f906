using RufusIngest.Reads;

namespace RufusIngest.Fuzz.Readings.Binary;

/// <summary>
/// The reads of a whole input of binary frames: the good frames, found the obvious way, and what each of them says.
/// Stronger than a look at each frame that was taken: a read that is missing is a finding too.
/// </summary>
static class BinaryReadings
{
    public static Func<Reading> Of(Func<byte[], int, int> lengthAt, Func<byte[], IEnumerable<SlowRead>> readsOf) =>
        All(input => SlowFrames.Of(input, lengthAt).SelectMany(readsOf).Select(Expect));

    public static Func<Reading> UhfReader18(int known) => All(input =>
    {
        int family = known;
        return SlowFrames.Of(input, SlowUhfReader18.LengthAt)
            .SelectMany(frame => SlowUhfReader18.ReadsOf(frame, ref family, known != 0)).Select(Expect);
    });

    /// <summary>Messages one behind the other, up to a length that cannot be; of a report that is cut off, its whole
    /// tags.</summary>
    public static Func<Reading> Llrp() => All(input =>
    {
        List<Expected> expected = [];
        for (int at = 0; at + 10 <= input.Length;)
        {
            long length = ((long)input[at + 2] << 24) + (input[at + 3] << 16) + (input[at + 4] << 8) + input[at + 5];
            if (length is < 10 or > 4 * 1024 * 1024)
                break;
            int end = (int)Math.Min(at + length, input.Length);
            expected.AddRange(SlowLlrp.Read(input[at..end]).Reads.Select(read => Expect(SlowRead.Of(read)) with
            {
                Point = null,
            }));
            at = end;
        }

        return expected;
    });

    static Func<Reading> All(Func<byte[], IEnumerable<Expected>> readsOf) => () =>
    {
        Queue<Expected>? expected = null;
        return step =>
        {
            expected ??= new Queue<Expected>(readsOf(step.All.ToArray()));
            if (step.HasRead)
                return expected.TryDequeue(out Expected? next) ? next : new Expected("none: there is no further read", null);
            if (step.Start == step.All.Length && expected.Count > 0)
                throw new FindingException($"the slow reading has {expected.Count} reads more, the first of {expected.Peek().Chip}");
            return null;
        };
    };

    static Expected Expect(SlowRead read) => new(read.Chip, (read.Flags & ReadFlags.NoTime) != 0 ? null : read.Time)
    {
        Flags = read.Flags & ~ReadFlags.FieldDropped,
        Dropped = read.Flags.HasFlag(ReadFlags.FieldDropped),
        Number = read.Number,
        Antenna = read.Antenna,
        Rssi = read.Rssi,
        Hits = read.Hits,
        Detail = read.Detail,
        Point = null,
    };
}
