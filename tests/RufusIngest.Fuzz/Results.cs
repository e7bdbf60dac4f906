using System.Runtime.InteropServices;
using System.Text;
using RufusIngest.Conformance;
using RufusIngest.Reads;

namespace RufusIngest.Fuzz;

/// <summary>
/// All that a parser made of a stream, at its places; kept by value, since a campaign compares millions.
/// </summary>
sealed class Results
{
    public List<ChipRead> Reads { get; } = [];

    public List<Heard> Controls { get; } = [];

    public List<Refused> Rejects { get; } = [];

    public PointNames Points { get; private set; } = new();

    public void Clear()
    {
        Reads.Clear();
        Controls.Clear();
        Rejects.Clear();
        Points = new PointNames();
    }

    public bool Equals(Results other)
    {
        if (Reads.Count != other.Reads.Count
            || !CollectionsMarshal.AsSpan(Controls).SequenceEqual(CollectionsMarshal.AsSpan(other.Controls))
            || !CollectionsMarshal.AsSpan(Rejects).SequenceEqual(CollectionsMarshal.AsSpan(other.Rejects)))
            return false;
        ReadOnlySpan<ChipRead> mine = CollectionsMarshal.AsSpan(Reads);
        ReadOnlySpan<ChipRead> others = CollectionsMarshal.AsSpan(other.Reads);
        for (int i = 0; i < mine.Length; i++)
        {
            if (!AreEqual(mine[i], others[i]))
                return false;
        }

        return true;
    }

    static bool AreEqual(in ChipRead a, in ChipRead b)
    {
        ChipCode chipOfA = a.Chip;
        ChipCode chipOfB = b.Chip;
        // Byte by byte: equality of chips leaves out upper and lower case.
        return MemoryMarshal.AsBytes(new ReadOnlySpan<ChipCode>(in chipOfA))
                .SequenceEqual(MemoryMarshal.AsBytes(new ReadOnlySpan<ChipCode>(in chipOfB)))
            && a.Time == b.Time && a.Number == b.Number && a.Detail == b.Detail && a.LatitudeE7 == b.LatitudeE7
            && a.LongitudeE7 == b.LongitudeE7 && a.Hits == b.Hits && a.RssiCentiDbm == b.RssiCentiDbm
            && a.Antenna == b.Antenna && a.SubReader == b.SubReader && a.Point == b.Point && a.Kind == b.Kind
            && a.Flags == b.Flags;
    }

    /// <summary>One line per result.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        foreach (ChipRead read in Reads)
            text.Append("  ").AppendLine(ParserRun.Describe(read));
        foreach (Heard control in Controls)
            text.Append("  ").AppendLine(control.ToString());
        foreach (Refused reject in Rejects)
            text.Append("  ").AppendLine(reject.ToString());
        return text.Length == 0 ? "  nothing\n" : text.ToString();
    }
}
