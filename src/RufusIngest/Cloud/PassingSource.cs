using RufusIngest.Passings;

namespace RufusIngest.Cloud;

/// <summary>
/// Where one session's passings come from, in the order of their numbers, and where it is told what became of them. For
/// the session's loop only, unless a member says otherwise.
/// </summary>
abstract class PassingSource
{
    /// <summary>Waits for the next passings. False: no more will come.</summary>
    /// <param name="into">Is cleared and filled.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public abstract ValueTask<bool> NextAsync(PassingItems into, CancellationToken cancellationToken);

    /// <summary>All numbers up to one are acknowledged, but for those set aside.</summary>
    /// <param name="number">The number.</param>
    /// <param name="setAside">Numbers set aside by this move; null: none.</param>
    /// <param name="items">Holds them.</param>
    public abstract void Acknowledge(int number, IReadOnlyList<SetAsidePassing>? setAside, PassingItems items);

    /// <summary>Keeps the token for the next run. From any thread.</summary>
    public abstract void KeepToken(string token);
}
