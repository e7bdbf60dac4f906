using System.Text;
using RufusIngest.Reads;

namespace RufusIngest.Fuzz;

/// <summary>What a slow reading says that a read must be. What is null it cannot say.</summary>
/// <param name="Chip">The bytes of its text as Latin-1, in the case it was sent in; empty for guns and markers.</param>
/// <param name="Time">As <see cref="ChipRead.Time"/>; null with <see cref="ReadFlags.NoTime"/>.</param>
sealed record Expected(string Chip, long? Time)
{
    public ReadKind Kind { get; init; }

    /// <summary>All but <see cref="ReadFlags.FieldDropped"/>.</summary>
    public ReadFlags Flags { get; init; }

    /// <summary>An optional field is unreadable.</summary>
    public bool? Dropped { get; init; }

    public int? Antenna { get; init; } = 0;

    public int? Rssi { get; init; } = ChipRead.NoRssi;

    public long? Number { get; init; } = -1;

    public int? SubReader { get; init; } = 0;

    public int? Hits { get; init; } = 1;

    public ulong? Detail { get; init; } = 0;

    /// <summary>Name of the point as Latin-1, empty where there is none.</summary>
    public string? Point { get; init; } = "";

    /// <summary>The first thing that is not as expected, or null.</summary>
    public string? DifferenceTo(in ChipRead read, PointNames points)
    {
        string chip = Slow.TextOf(read.Chip);
        return chip != Slow.ChipText(Chip) ? $"chip {chip}, expected {Slow.ChipText(Chip)}"
            : Differs("kind", (int)read.Kind, (int)Kind)
            ?? Differs("time", read.Time, Time)
            ?? ((read.Flags & ~ReadFlags.FieldDropped) != Flags ? $"flags {read.Flags}, expected {Flags}" : null)
            ?? (Dropped is { } dropped && dropped != read.Flags.HasFlag(ReadFlags.FieldDropped)
                ? $"flags {read.Flags}, expected {(dropped ? "" : "not ")}FieldDropped" : null)
            ?? Differs("antenna", read.Antenna, Antenna)
            ?? Differs("rssi", read.RssiCentiDbm, Rssi)
            ?? Differs("number", read.Number, Number)
            ?? Differs("sub-reader", read.SubReader, SubReader)
            ?? Differs("hits", read.Hits, Hits)
            ?? Differs("detail", (long)read.Detail, (long?)Detail)
            ?? PointDifference(read.Point, points);
    }

    string? PointDifference(int number, PointNames points)
    {
        // There may be too many names, or one too long to be kept.
        if (Point is null || points.Untold > 0)
            return null;
        string name = number == 0 ? "" : points.ToList()[number - 1];
        string expected = Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(Point));
        return name == expected ? null : $"point '{name}', expected '{expected}'";
    }

    static string? Differs(string what, long actual, long? expected) =>
        expected is { } value && value != actual ? $"{what} {actual}, expected {value}" : null;
}

/// <summary>
/// The slow, obvious reading of one protocol, along one stream. It is asked for each parse call, so that it may note
/// what later reads need; its answer counts where the call gave a read, and null says that it cannot tell.
/// </summary>
/// <remarks>
/// It may take for granted that the frame is a read, and what the page leaves to the parser; it must not use the
/// parser's own helpers.
/// </remarks>
delegate Expected? Reading(Step step);
