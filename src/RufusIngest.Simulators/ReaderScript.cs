using System.Buffers;

namespace RufusIngest.Simulators;

internal enum ReaderProtocol
{
    Ipico,
    CloudBox,
    Ultra,
}

/// <summary>Everything one reader sends in a race, in order, and how its protocol spells it.</summary>
internal sealed class ReaderScript
{
    // Ours are the only two settings of the Ultra box that a record shows.
    private const int UltraReader = 1;
    private const int UltraBox = 1;

    private readonly TimeSpan _localOffset;
    private readonly RaceRunner[] _runners;
    private readonly ScriptItem[] _items;

    public ReaderScript(ReaderProtocol protocol, TimeSpan localOffset, RaceRunner[] runners, ScriptItem[] items)
    {
        Protocol = protocol;
        _localOffset = localOffset;
        _runners = runners;
        _items = items;
        ReadCount = items.Count(item => item.Kind == ScriptKind.Read);
    }

    public ReaderProtocol Protocol { get; }

    public string Location => LocationOf(Protocol);

    public string ProtocolName => Protocol switch
    {
        ReaderProtocol.Ipico => "ipico",
        ReaderProtocol.CloudBox => "cloudbox",
        _ => "ultra",
    };

    /// <summary>What is added to UTC on this reader's wire; the CloudBox sends UTC.</summary>
    public TimeSpan LocalOffset => Protocol == ReaderProtocol.CloudBox ? TimeSpan.Zero : _localOffset;

    public ReadOnlySpan<ScriptItem> Items => _items;

    public int ReadCount { get; }

    public RaceRunner RunnerOf(in ScriptItem item) => _runners[item.Runner];

    public static string LocationOf(ReaderProtocol protocol) => protocol switch
    {
        ReaderProtocol.Ipico => "START",
        ReaderProtocol.CloudBox => "5K",
        _ => "FINISH",
    };

    /// <summary>A real Ultra reports its voltage every two seconds; the others' pauses are only plausible.</summary>
    public static int NoticeEveryMs(ReaderProtocol protocol) => protocol switch
    {
        ReaderProtocol.Ipico => 20_000,
        ReaderProtocol.CloudBox => 60_000,
        _ => 2_000,
    };

    /// <summary>Only the Ultra greets; the time is that of the last record sent, 0 before the first.</summary>
    public void WriteGreeting(IBufferWriter<byte> writer, long lastSentUtcMs)
    {
        if (Protocol == ReaderProtocol.Ultra)
        {
            UltraFrames.WriteGreeting(writer, lastSentUtcMs == 0 ? null : Local(lastSentUtcMs));
        }
    }

    /// <summary>Only the Ultra marks a record that it sends again after a broken connection.</summary>
    public void Write(IBufferWriter<byte> writer, in ScriptItem item, bool rewound)
    {
        switch (Protocol)
        {
            case ReaderProtocol.Ipico:
                WriteIpico(writer, item);
                break;
            case ReaderProtocol.CloudBox:
                WriteCloudBox(writer, item);
                break;
            default:
                WriteUltra(writer, item, rewound);
                break;
        }
    }

    private void WriteIpico(IBufferWriter<byte> writer, in ScriptItem item)
    {
        switch (item.Kind)
        {
            case ScriptKind.Read:
                var bits = SplitMix64.Mix((ulong)item.Number);
                var (i, q) = ((byte)(bits & 0x3f), (byte)((bits >> 8) & 0x3f));
                IpicoFrames.WriteRead(writer, 0, RunnerOf(item).IpicoTag, i, q, Local(item.UtcMs));
                break;
            case ScriptKind.Gun:
                IpicoFrames.WriteGun(writer, Local(item.UtcMs));
                break;
            default:
                IpicoFrames.WriteNotice(writer, item.Number, Local(item.UtcMs));
                break;
        }
    }

    private void WriteCloudBox(IBufferWriter<byte> writer, in ScriptItem item)
    {
        if (item.Kind == ScriptKind.Notice)
        {
            CloudBoxFrames.WriteResponse(writer, At(item.UtcMs));
            return;
        }

        var runner = RunnerOf(item);
        CloudBoxFrames.WritePassing(
            writer, runner.Epc, runner.CloudBoxTag, At(item.UtcMs), item.Antenna, item.Rssi, item.Number);
    }

    private void WriteUltra(IBufferWriter<byte> writer, in ScriptItem item, bool rewound)
    {
        if (item.Kind == ScriptKind.Notice)
        {
            UltraFrames.WriteNotice(writer, item.Number);
            return;
        }

        var chip = item.Kind == ScriptKind.Gun ? "0" : RunnerOf(item).UltraChip;
        UltraFrames.WriteRecord(
            writer, chip, Local(item.UtcMs), item.Antenna, item.Rssi, rewound, UltraReader, UltraBox, item.Number);
    }

    private DateTime Local(long utcMs) => At(utcMs) + _localOffset;

    private static DateTime At(long utcMs) => new(
        DateTime.UnixEpoch.Ticks + (utcMs * TimeSpan.TicksPerMillisecond), DateTimeKind.Unspecified);
}
