using System.Text;
using RufusIngest.Reads;

namespace RufusIngest.Passings;

/// <summary>
/// Which reads of a location count at all. The others are suppressed, each for the first of these reasons, and do nothing but
/// move their reader's time. Keeps everything by default. Immutable.
/// </summary>
/// <remarks>Chips are compared as the chip list's are: by their whole code, without leading zeros where the reader strips them.</remarks>
public sealed record ReadFilter
{
    /// <summary>Reads before this instant are left out.</summary>
    public DateTimeOffset? IgnoreBefore { get; init; }

    /// <summary>Reads after this instant are left out.</summary>
    public DateTimeOffset? IgnoreAfter { get; init; }

    /// <summary>Chips that are left out.</summary>
    public IReadOnlyList<string> Deny { get; init; } = [];

    /// <summary>When there are any: only these chips are kept.</summary>
    public IReadOnlyList<string> Allow { get; init; } = [];

    /// <summary>
    /// When there are any: only chips whose text begins with one of these are kept; that of an EPC is its hex digits, in either
    /// case.
    /// </summary>
    public IReadOnlyList<string> Prefixes { get; init; } = [];

    /// <summary>Reads that are weaker, in dBm, are left out; those without a signal strength are kept.</summary>
    public decimal? MinRssiDbm { get; init; }

    /// <summary>What is wrong with this filter, or null.</summary>
    internal string? Problem =>
        IgnoreBefore > IgnoreAfter ? $"{nameof(IgnoreBefore)} is later than {nameof(IgnoreAfter)}: nothing would be kept."
        : MinRssiDbm is < -300 or > 300 ? $"{nameof(MinRssiDbm)} is {MinRssiDbm}; it must be -300 to 300."
        : ProblemOf(Deny, nameof(Deny)) ?? ProblemOf(Allow, nameof(Allow)) ?? ProblemOfPrefixes;

    string? ProblemOfPrefixes =>
        Prefixes.FirstOrDefault(prefix => Encoding.UTF8.GetByteCount(prefix ?? "") is 0 or > ChipCode.MaxTextLength) is { } bad
            ? $"{nameof(Prefixes)}: '{bad}' must be 1 to {ChipCode.MaxTextLength} bytes long."
            : null;

    static string? ProblemOf(IReadOnlyList<string> chips, string name) =>
        chips.FirstOrDefault(chip => !ChipCode.TryFromText(Encoding.UTF8.GetBytes(chip ?? ""), out _)) is { } bad
            ? $"{name}: '{bad}' is no chip code (1 to {ChipCode.MaxBytes} bytes of text, or up to {ChipCode.MaxTextLength} hex digits)."
            : null;
}
