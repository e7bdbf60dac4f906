namespace RufusIngest.Simulators;

/// <summary>Makes the reads of one reader's crossings and puts them in the order of sending.</summary>
internal sealed class ScriptBuilder(ReaderProtocol protocol, int mostReadsInBurst, SplitMix64 random)
{
    public const int LongestStandMs = 75_000;

    /// <summary>Readers are on this long before the gun, so that the longest stand lies inside the play.</summary>
    public const int OnBeforeGunMs = LongestStandMs + 15_000;

    private const int FewestReadsInBurst = 3;
    private const int StrayPerMille = 50;
    private const int RepeatPerMille = 100;
    private const int LatePerMille = 200;
    private const int LatestMs = 150;
    private const int LatestRepeatMs = 200;

    private readonly List<Read> _reads = [];

    public ReaderProtocol Protocol => protocol;

    /// <summary>Three reads a second without a gap of 0.7 s, from the first time to just before the second.</summary>
    public (long First, long Last) AddStanding(int runner, long fromUtcMs, long toUtcMs)
    {
        long last = 0;
        for (var at = fromUtcMs; at <= toUtcMs; at += random.Next(230, 430))
        {
            last = Add(runner, at, -50, 1);
        }

        return (Stamp(fromUtcMs), last);
    }

    /// <summary>
    /// A burst about 35 ms a read, at most 2.3 s long, perhaps with strays up to 4.5 s after its first read.
    /// </summary>
    public (long First, long Last) AddBurst(int runner, long firstUtcMs)
    {
        Span<int> offsets = stackalloc int[random.Next(FewestReadsInBurst, mostReadsInBurst)];
        var missedAt = random.Chance(100) ? random.Next(1, offsets.Length - 1) : -1;
        for (var i = 1; i < offsets.Length; i++)
        {
            offsets[i] = offsets[i - 1] + random.Next(20, 50) + (i == missedAt ? random.Next(100, 300) : 0);
        }

        int peak = -random.Next(40, 50), edge = -random.Next(60, 65), length = offsets[^1];
        var antenna = (byte)random.Next(1, 3);
        var last = firstUtcMs;
        foreach (var offset in offsets)
        {
            var fromMiddle = (2L * offset) - length;
            var rssi = peak - ((peak - edge) * fromMiddle * fromMiddle / ((long)length * length));
            last = Add(runner, firstUtcMs + offset, (sbyte)rssi, (byte)(antenna + random.Next(0, 1)));
        }

        var strays = random.Chance(StrayPerMille) ? random.Next(1, 2) : 0;
        var burstEnd = firstUtcMs + length;
        for (var i = 0; i < strays; i++)
        {
            var latest = Math.Min(3_000, 4_500 - length);
            last = Math.Max(last, Add(runner, burstEnd + random.Next(860, latest), -65, antenna));
        }

        return (Stamp(firstUtcMs), last);
    }

    /// <summary>Adds gun and notices, sends some reads late and some twice, and numbers the reader's log.</summary>
    public ScriptItem[] Build(long gunUtcMs)
    {
        var begin = gunUtcMs - OnBeforeGunMs;
        var items = new List<ScriptItem>(_reads.Count * 9 / 8);
        var log = new List<int>(items.Capacity); // the read an item shows; the number is not known before sorting
        for (var i = 0; i < _reads.Count; i++)
        {
            var read = _reads[i];
            var late = random.Chance(LatePerMille) ? random.Next(1, LatestMs) : 0;
            var item = new ScriptItem(
                read.UtcMs + late, read.UtcMs, read.Runner, 0, ScriptKind.Read, read.Rssi, read.Antenna);
            items.Add(item);
            log.Add(i);
            if (random.Chance(RepeatPerMille))
            {
                items.Add(item with { SendUtcMs = read.UtcMs + random.Next(late + 1, LatestRepeatMs) });
                log.Add(i);
            }
        }

        AddGunAndNotices(items, begin, gunUtcMs);
        var keys = new long[items.Count];
        for (var i = 0; i < keys.Length; i++)
        {
            keys[i] = ((items[i].SendUtcMs - begin) << 32) | (uint)i;
        }

        Array.Sort(keys);
        return Number(keys, items, log);
    }

    private void AddGunAndNotices(List<ScriptItem> items, long begin, long gunUtcMs)
    {
        if (protocol != ReaderProtocol.CloudBox)
        {
            items.Add(new ScriptItem(gunUtcMs, gunUtcMs, -1, 0, ScriptKind.Gun, 0, 0));
        }

        var end = _reads.Max(r => r.UtcMs);
        var number = 0;
        for (var at = begin + 500; at <= end; at += ReaderScript.NoticeEveryMs(protocol))
        {
            items.Add(new ScriptItem(at, at, -1, number++, ScriptKind.Notice, 0, 0));
        }
    }

    private ScriptItem[] Number(long[] keys, List<ScriptItem> items, List<int> log)
    {
        var numbers = new int[_reads.Count];
        var script = new ScriptItem[keys.Length];
        var next = 1;
        for (var i = 0; i < keys.Length; i++)
        {
            var index = (int)keys[i];
            var item = items[index];
            script[i] = item.Kind switch
            {
                ScriptKind.Notice => item,
                ScriptKind.Gun => item with { Number = next++ },
                _ when numbers[log[index]] != 0 => item with { Number = numbers[log[index]] },
                _ => item with { Number = numbers[log[index]] = next++ },
            };
        }

        return script;
    }

    private long Add(int runner, long utcMs, sbyte rssi, byte antenna)
    {
        var stamp = Stamp(utcMs);
        _reads.Add(new Read(runner, stamp, rssi, antenna));
        return stamp;
    }

    private long Stamp(long utcMs) => protocol == ReaderProtocol.Ipico ? utcMs - (utcMs % 10) : utcMs;

    private readonly record struct Read(int Runner, long UtcMs, sbyte Rssi, byte Antenna);
}
