using RufusIngest.Reads;

namespace RufusIngest.Fuzz.Readings.Binary;

/// <summary>What a frame must give, as an obvious reading of its description says it.</summary>
record struct SlowRead(string Chip)
{
    public SlowRead()
        : this("")
    {
    }

    public long Time { get; set; }

    public long Number { get; set; } = -1;

    public int Antenna { get; set; }

    public int Rssi { get; set; } = ChipRead.NoRssi;

    public int Hits { get; set; } = 1;

    public ulong Detail { get; set; }

    public ReadFlags Flags { get; set; } = ReadFlags.NoTime;

    public static SlowRead Of(ChipRead read) => new(read.Chip.ToString())
    {
        Time = read.Time,
        Number = read.Number,
        Antenna = read.Antenna,
        Rssi = read.RssiCentiDbm,
        Hits = read.Hits,
        Detail = read.Detail,
        Flags = read.Flags,
    };

    /// <summary>The EPC as hex digits; null where it is none that a read can hold.</summary>
    public static string? EpcOf(byte[] epc) => epc.Length is 0 or > ChipCode.MaxBytes ? null : Convert.ToHexString(epc);
}
