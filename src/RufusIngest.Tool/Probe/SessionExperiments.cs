using RufusIngest.Cloud;

namespace RufusIngest.Tool.Probe;

/// <summary>Opens, replaces and closes sessions, and sends to those that are not there any more.</summary>
sealed class SessionExperiments(ProbeSubject subject)
{
    string? _old;
    bool _isClosed;

    public IEnumerable<Experiment> All =>
    [
        new("missing member", "a session without deviceid, passings without passings_list", MissingMemberAsync),
        new("open session", "POST /sessions", OpenAsync),
        new("opening closes", "open another, then insert into the first", ReplaceAsync),
        new("close again", "close the first session twice", CloseAgainAsync),
        new("session closed", "insert into the closed session", InsertIntoClosedAsync),
        new("session unknown", "insert into a made-up session", InsertIntoUnknownAsync),
    ];

    async Task<Finding> MissingMemberAsync(CancellationToken cancellation)
    {
        ProbeAnswer session = await subject.Client.SendAsync(
            HttpMethod.Post, "sessions", $$"""{"alias":"{{ProbeSubject.Alias}}"}""", cancellation)
            .ConfigureAwait(false);
        ProbeAnswer passings = await subject.Client.SendAsync(
            HttpMethod.Post, "passings", """{"token_session":"none"}""", cancellation).ConfigureAwait(false);
        return session.Status == passings.Status
            ? Finding.Status(passings, profile => profile with { MissingMemberStatus = passings.Status })
            : new($"no one status: session {session.Words}, passings {passings.Words}");
    }

    async Task<Finding> OpenAsync(CancellationToken cancellation)
    {
        ProbeAnswer answer = await subject.OpenAsync(cancellation).ConfigureAwait(false);
        _old = subject.Session;
        return Finding.Status(answer, profile => profile with { OpenStatus = answer.Status });
    }

    async Task<Finding> ReplaceAsync(CancellationToken cancellation)
    {
        string old = Old;
        await subject.OpenAsync(cancellation).ConfigureAwait(false);
        ProbeAnswer answer = await subject.InsertAsync(old, cancellation, subject.Item(subject.NextNumber()))
            .ConfigureAwait(false);
        return new(answer.Words, answer.IsSuccess ? "no" : "yes");
    }

    async Task<Finding> CloseAgainAsync(CancellationToken cancellation)
    {
        if (Old == subject.Session)
            throw new NoResultException("no second session could be opened");
        ProbeAnswer first = await subject.CloseAsync(Old, cancellation).ConfigureAwait(false);
        _isClosed = true;
        ProbeAnswer again = await subject.CloseAsync(Old, cancellation).ConfigureAwait(false);
        return Finding.Status(again, profile => profile with { CloseAgainStatus = again.Status }) with
        {
            Seen = $"{first.Words}, then {again.Words}",
        };
    }

    async Task<Finding> InsertIntoClosedAsync(CancellationToken cancellation)
    {
        if (!_isClosed)
            throw new NoResultException("no session could be closed");
        ProbeAnswer answer = await subject.InsertAsync(Old, cancellation, subject.Item(subject.NextNumber()))
            .ConfigureAwait(false);
        return Finding.Status(answer, profile => profile with { SessionClosedStatus = answer.Status });
    }

    async Task<Finding> InsertIntoUnknownAsync(CancellationToken cancellation)
    {
        ProbeAnswer answer = await subject.InsertAsync(
            ProbeSubject.MadeUpLike(Old), cancellation, subject.Item(subject.NextNumber())).ConfigureAwait(false);
        return Finding.Status(answer, profile => profile with { SessionUnknownStatus = answer.Status });
    }

    string Old => _old ?? throw new NoResultException("no session could be opened");
}
