using System.Text.Json;
using RufusIngest.Passings;
using RufusIngest.Records;

namespace RufusIngest.Tests.Support;

/// <summary>Between which two steps of delivery a process died.</summary>
public enum CrashPhase
{
    /// <summary>Bytes had come from a reader that are not in the journal.</summary>
    AppendCommit,

    /// <summary>Passings are in the journal that no server has seen.</summary>
    CommitPost,

    /// <summary>The server may have them, the client has no answer.</summary>
    PostAnswer,

    /// <summary>The client was given the answer, and the journal's cursor is not there yet.</summary>
    AnswerCursor,

    /// <summary>Everything that came was kept, sent, answered and noted.</summary>
    Idle,
}

/// <summary>What a journal holds, read after its process has died.</summary>
/// <param name="Sessions">With their cursors.</param>
/// <param name="Connections">Connections of each reader, by index.</param>
/// <param name="Bytes">Bytes of each reader's last connection, by index.</param>
sealed record JournalFacts(
    IReadOnlyList<StoredSession> Sessions, IReadOnlyDictionary<int, int> Connections,
    IReadOnlyDictionary<int, long> Bytes)
{
    public static JournalFacts None { get; } = new([], new Dictionary<int, int>(), new Dictionary<int, long>());

    public static JournalFacts Read(IngestJournal journal)
    {
        Dictionary<int, int> connections = [];
        Dictionary<int, long> bytes = [];
        journal.Replay((in IngestRecord record) =>
        {
            if (record.Kind == RecordKind.Connected)
            {
                connections[record.Index] = connections.GetValueOrDefault(record.Index) + 1;
                bytes[record.Index] = 0;
            }
            else if (record.Kind == RecordKind.Chunk)
            {
                bytes[record.Index] = bytes.GetValueOrDefault(record.Index) + record.Payload.Length;
            }
        });
        return new(journal.GetSessions(), connections, bytes);
    }
}

/// <summary>A POST of passings as the proxy had it when the process died.</summary>
/// <param name="Token">Session.</param>
/// <param name="First">Its first number.</param>
/// <param name="Last">Its last number.</param>
/// <param name="IsForwarded">The server was given it, or was given it after the death.</param>
/// <param name="IsAnswered">The answer's last byte was given to the client.</param>
sealed record PostFacts(string Token, int First, int Last, bool IsForwarded, bool IsAnswered)
{
    /// <summary>Null while the request is not here whole.</summary>
    public static PostFacts? Read(RequestInfo request)
    {
        if (request.Body.Length == 0)
            return null;
        using JsonDocument body = JsonDocument.Parse(request.Body);
        JsonElement passings = body.RootElement.GetProperty("passings_list");
        return new(
            body.RootElement.GetProperty("token_session").GetString()!,
            passings[0].GetProperty("num_passing").GetInt32(),
            passings[passings.GetArrayLength() - 1].GetProperty("num_passing").GetInt32(),
            request.IsForwarded,
            request is { Reached: FaultPoint.AnswerPassed, ServerStatus: >= 200 and < 300 });
    }
}

/// <summary>All that is known about a death.</summary>
/// <param name="Before">The journal when the process started.</param>
/// <param name="After">The journal after its death.</param>
/// <param name="Taken">Bytes that the process had taken of each reader's connection for sure, by index.</param>
/// <param name="Held">The POST that the proxy held.</param>
/// <param name="Posts">All POSTs of this process and those before that came whole.</param>
sealed record CrashEvidence(
    JournalFacts Before, JournalFacts After, IReadOnlyList<long> Taken, PostFacts? Held,
    IReadOnlyList<PostFacts> Posts)
{
    /// <summary>Bytes that had been taken and are not in the journal.</summary>
    public long BytesNotKept => Taken.Select((taken, reader) => Math.Max(0, taken - BytesKept(reader))).Sum();

    /// <summary>The phase that the evidence shows; a held POST says more than bytes on their way.</summary>
    public CrashPhase Phase
    {
        get
        {
            if (Held is { } held && SessionOf(held) is { } session && session.LastNumber >= held.Last)
            {
                if (!held.IsForwarded)
                    return CrashPhase.CommitPost;
                if (!held.IsAnswered)
                    return CrashPhase.PostAnswer;
                if (session.AcknowledgedNumber < held.Last)
                    return CrashPhase.AnswerCursor;
            }

            return BytesNotKept > 0 ? CrashPhase.AppendCommit
                : After.Sessions.Any(kept => kept.LastNumber > LastPosted(kept)) ? CrashPhase.CommitPost
                : CrashPhase.Idle;
        }
    }

    /// <summary>What must never be: numbers outside that are not in the journal, or a cursor above both.</summary>
    public IEnumerable<string> Violations()
    {
        foreach (PostFacts post in Posts)
        {
            if (SessionOf(post) is not { } session)
                yield return $"A POST to session {post.Token}, which the journal does not know.";
            else if (session.LastNumber < post.Last)
                yield return $"{session.Location}: {post.Last} was posted, the journal ends at {session.LastNumber}.";
        }

        foreach (StoredSession session in After.Sessions)
        {
            int before = CursorBefore(session);
            if (session.AcknowledgedNumber < before)
                yield return $"{session.Location}: the cursor went back from {before} to {session.AcknowledgedNumber}.";
            if (session.AcknowledgedNumber > session.LastNumber)
                yield return $"{session.Location}: the cursor {session.AcknowledgedNumber} is above all numbers.";
            if (session.AcknowledgedNumber > LastPosted(session))
                yield return $"{session.Location}: {session.AcknowledgedNumber} is acknowledged and was never posted.";
        }
    }

    /// <summary>The last number that had left, in this process or in one before.</summary>
    int LastPosted(StoredSession session) =>
        Posts.Where(post => post.Token == session.Token).Select(post => post.Last)
            .Append(CursorBefore(session)).Max();

    int CursorBefore(StoredSession session) =>
        Before.Sessions.FirstOrDefault(other => IsSame(other, session))?.AcknowledgedNumber ?? 0;

    StoredSession? SessionOf(PostFacts post) => After.Sessions.FirstOrDefault(session => session.Token == post.Token);

    long BytesKept(int reader) =>
        After.Connections.GetValueOrDefault(reader) > Before.Connections.GetValueOrDefault(reader)
            ? After.Bytes.GetValueOrDefault(reader)
            : 0;

    static bool IsSame(StoredSession one, StoredSession other) =>
        one.Location == other.Location && one.Session == other.Session;
}
