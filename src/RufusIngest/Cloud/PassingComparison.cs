using RufusIngest.Passings;

namespace RufusIngest.Cloud;

/// <summary>Compares what the server says it has with what is to be sent. Pure.</summary>
static class PassingComparison
{
    /// <summary>
    /// Compares number, time to the millisecond, bib, and the chip where both name one: servers need not keep it.
    /// </summary>
    /// <param name="items">Holds the passings asked about.</param>
    /// <param name="from">First number asked about.</param>
    /// <param name="to">Last number asked about.</param>
    /// <param name="found">What the server has, in any order.</param>
    /// <returns>
    /// The state of each number; null when the answer is unclear: a number outside what was asked, without a number,
    /// time or bib, or twice with different content.
    /// </returns>
    public static NumberState[]? Compare(PassingItems items, int from, int to, IReadOnlyList<CloudPassing> found)
    {
        var states = new NumberState[to - from + 1];
        var seen = new CloudPassing?[states.Length];
        foreach (CloudPassing passing in found)
        {
            if (passing is not { Number: { } number, Timestamp: not null, Bib: not null }
                || number < from || number > to)
                return null;
            int index = number - from;
            if (seen[index] is { } other && !IsSame(other, passing))
                return null;
            seen[index] = passing;
            states[index] = IsSame(Read(items.GetItem(number - items.FirstNumber)), passing)
                ? NumberState.Same
                : NumberState.Different;
        }

        return states;
    }

    static bool IsSame(CloudPassing a, CloudPassing b) =>
        a.Timestamp!.Value.ToUnixTimeMilliseconds() == b.Timestamp!.Value.ToUnixTimeMilliseconds()
        && string.Equals(a.Bib, b.Bib, StringComparison.Ordinal)
        && (string.IsNullOrEmpty(a.Chip) || string.IsNullOrEmpty(b.Chip)
            || string.Equals(a.Chip, b.Chip, StringComparison.Ordinal));

    static CloudPassing Read(ReadOnlySpan<byte> item)
    {
        PassingContent content = PassingContent.Read(item);
        return new() { Bib = content.Bib, Chip = content.Chip, Timestamp = content.Time };
    }
}
