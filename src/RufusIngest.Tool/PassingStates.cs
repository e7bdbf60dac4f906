using RufusIngest.Passings;

namespace RufusIngest.Tool;

/// <summary>What has become of the passings that a replay makes, in words for exports.</summary>
sealed class PassingStates(IReadOnlyList<StoredSession> sessions)
{
    readonly Dictionary<(string, int), StoredSession> _sessions =
        sessions.ToDictionary(session => (session.Location, session.Session));

    public string Of(PassingBatch batch, int number) =>
        !_sessions.TryGetValue((batch.Location, batch.Session), out StoredSession? session) ? "new"
        : number <= session.AcknowledgedNumber ? "acknowledged"
        : number <= session.LastNumber ? "to send"
        : "new";
}
