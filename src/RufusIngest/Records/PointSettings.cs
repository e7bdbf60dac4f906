using System.Text;
using RufusIngest.Reads;

namespace RufusIngest.Records;

/// <summary>
/// Where reads of a part of a reader belong: those with one of the antennas, one of the sub-readers and the name. What is
/// not given matches every read.
/// </summary>
public sealed record PointSettings
{
    /// <summary>Antenna numbers (<see cref="ChipRead.Antenna"/>); empty: any.</summary>
    public IReadOnlyList<int> Antennas { get; init; } = [];

    /// <summary>Sub-readers (<see cref="ChipRead.SubReader"/>); empty: any.</summary>
    public IReadOnlyList<int> SubReaders { get; init; } = [];

    /// <summary>
    /// The point's name as the protocol tells it, byte for byte, at most <see cref="PointNames.MaxLength"/> of them. Null: any.
    /// </summary>
    public string? Name { get; init; }

    /// <summary>The location of these reads; null: that of the reader.</summary>
    public string? Location { get; init; }

    /// <summary>They are of the location's backup line.</summary>
    public bool IsBackup { get; init; }

    /// <summary>What is wrong with this point, or null.</summary>
    internal string? Problem =>
        ProblemOf(Antennas, "antenna") ?? ProblemOf(SubReaders, "sub-reader")
        ?? (Name is not null && (Name.Length == 0 || Encoding.UTF8.GetByteCount(Name) > PointNames.MaxLength)
            ? $"the name '{Name}' must be 1 to {PointNames.MaxLength} bytes long."
            : null);

    static string? ProblemOf(IReadOnlyList<int> numbers, string what)
    {
        foreach (int number in numbers)
        {
            if (number is < 0 or > ushort.MaxValue)
                return $"{what} {number} must be 0 to {ushort.MaxValue}.";
        }

        return null;
    }
}
