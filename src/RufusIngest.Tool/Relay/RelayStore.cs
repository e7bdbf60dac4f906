using System.Buffers;
using System.Text;
using System.Text.Json;
using RufusIngest.Cloud;
using RufusIngest.Passings;

namespace RufusIngest.Tool.Relay;

/// <summary>
/// Passings on their way from the venue server to the cloud: a bounded queue a session, and what is known to be there.
/// Unlike a journal's, a venue's numbers may have gaps, and a lower one may come later: passings are handed out in runs
/// of consecutive numbers, and what was acknowledged is kept as ranges instead of one number.
/// </summary>
sealed class RelayStore(RelayState state) : PassingStore
{
    /// <summary>Passings of a session in memory.</summary>
    public const int MaxQueued = 10_000;

    readonly Lock _lock = new();
    readonly List<RelayedSession> _sessions = state.Load();
    readonly Dictionary<RelayedSession, Queue<Queued>> _queues = [];
    readonly ArrayBufferWriter<byte> _item = new();
    TaskCompletionSource _taken = NewSignal();

    /// <summary>Is told of each passing that the cloud does not take.</summary>
    public Action<RelayedSession, SetAsidePassing>? SetAside { get; init; }

    public IReadOnlyList<RelayedSession> Sessions
    {
        get
        {
            lock (_lock)
                return [.. _sessions];
        }
    }

    /// <summary>Those that have a session at the cloud and may have more to send to it.</summary>
    public override IReadOnlyList<StoredSession> GetSessions()
    {
        lock (_lock)
        {
            return
            [
                .. _sessions.Where(session => session is { CloudToken: not null, IsDone: false })
                    .Select(session => new StoredSession
                {
                    Location = session.Location,
                    Session = session.Number,
                    Token = session.CloudToken,
                    AcknowledgedNumber = (int)session.Known.FirstMissing(1) - 1,
                    LastNumber = session.SentTo,
                    SetAside = session.SetAside,
                    MayComeLate = true,
                }),
            ];
        }
    }

    /// <summary>The session of a token, which is added when it is new.</summary>
    /// <param name="token">Its token at the venue server.</param>
    /// <param name="location">Its device.</param>
    public RelayedSession Meet(string token, string location)
    {
        lock (_lock)
        {
            RelayedSession? session = _sessions.Find(known => known.Token == token);
            if (session is not null)
                return session;
            int number = 1 + _sessions.Where(known => known.Location == location)
                .Select(known => known.Number).DefaultIfEmpty().Max();
            session = new(token, location, number);
            state.Add(session);
            _sessions.Add(session);
            return session;
        }
    }

    /// <summary>
    /// Sends a session to the one that somebody named. That may have passings already, from whoever sent to it before. What
    /// is known to be in an earlier one stays there.
    /// </summary>
    public void Name(RelayedSession session, string cloudToken)
    {
        lock (_lock)
        {
            if (session.CloudToken == cloudToken)
                return;
            if (session.IsDone)
            {
                throw ToolException.BadInput(
                    $"session {session.Token} is relayed to its end, to {session.CloudToken}: --map comes too late.");
            }

            if (_sessions.Find(known => known.CloudToken == cloudToken) is { } other)
                throw ToolException.BadInput($"session {other.Token} goes to {cloudToken} already (--map).");
            (session.CloudToken, session.IsNamed, session.SentTo) = (cloudToken, true, int.MaxValue);
            state.KeepCloudToken(session);
        }
    }

    /// <summary>The cloud takes no more of it: whoever waits for it hears so. Null: it is tried again.</summary>
    public void SetStopped(RelayedSession session, StoppedSession? stopped)
    {
        lock (_lock)
            session.Stopped = stopped;
        SignalTaken();
    }

    /// <summary>Before a session is opened at the cloud, for the answer may get lost, and this process with it.</summary>
    public void SetMayBeOpened(RelayedSession session)
    {
        lock (_lock)
        {
            if (session.MayBeOpened)
                return;
            session.MayBeOpened = true;
            state.KeepMayBeOpened(session);
        }
    }

    /// <summary>From now on the session is sent to the cloud.</summary>
    public void SetCloudToken(RelayedSession session, string token)
    {
        lock (_lock)
        {
            session.CloudToken = token;
            state.KeepCloudToken(session);
        }

        SignalChanged();
    }

    public void SetDone(RelayedSession session)
    {
        lock (_lock)
        {
            session.IsDone = true;
            state.KeepDone(session);
        }
    }

    /// <summary>The number is acknowledged or set aside.</summary>
    public bool Knows(RelayedSession session, int number)
    {
        lock (_lock)
            return session.Known.Contains(number);
    }

    /// <summary>Waits for room in the session's queue, and adds a passing to it; numbers must ascend.</summary>
    /// <exception cref="SessionStoppedException">The cloud takes no more of it.</exception>
    public async Task AddAsync(RelayedSession session, CloudPassing passing, CancellationToken cancellation)
    {
        while (true)
        {
            Task taken;
            lock (_lock)
            {
                RequireNotStopped(session);
                if (!_queues.TryGetValue(session, out Queue<Queued>? queue))
                    _queues.Add(session, queue = new());
                if (queue.Count < MaxQueued)
                {
                    queue.Enqueue(new(passing.Number!.Value, Write(passing)));
                    break;
                }

                taken = _taken.Task;
            }

            SignalChanged();
            await taken.WaitAsync(cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Has what was added sent, and waits until all of it is acknowledged or set aside.</summary>
    /// <exception cref="SessionStoppedException">The cloud takes no more of it.</exception>
    public async Task DrainAsync(RelayedSession session, CancellationToken cancellation)
    {
        SignalChanged();
        while (true)
        {
            Task taken;
            lock (_lock)
            {
                if (_queues.GetValueOrDefault(session) is not { Count: > 0 })
                    return;
                RequireNotStopped(session);
                taken = _taken.Task;
            }

            await taken.WaitAsync(cancellation).ConfigureAwait(false);
        }
    }

    static void RequireNotStopped(RelayedSession session)
    {
        if (session.Stopped is { } stopped)
            throw new SessionStoppedException(stopped);
    }

    public override int ReadPassings(string location, int session, int afterNumber, int most, PassingItems into)
    {
        lock (_lock)
        {
            RelayedSession relayed = Find(location, session);
            if (_queues.GetValueOrDefault(relayed) is not { Count: > 0 } queue)
                return 0;
            into.Clear(queue.Peek().Number);
            foreach ((int number, byte[] item) in queue)
            {
                if (into.Count == most || number != into.FirstNumber + (long)into.Count)
                    break;
                into.Add(item);
            }

            // Before it is sent, and for all that waits: after a crash the cloud is asked for what it has.
            if (into.LastNumber > relayed.SentTo)
            {
                relayed.SentTo = queue.Last().Number;
                state.KeepSentTo(relayed);
            }

            return into.Count;
        }
    }

    public override void Acknowledge(
        string location, int session, int number, IReadOnlyList<SetAsidePassing> setAside)
    {
        RelayedSession relayed;
        lock (_lock)
        {
            relayed = Find(location, session);
            Queue<Queued> queue = _queues[relayed];
            int first = queue.Peek().Number;
            List<(SetAsidePassing, string)> kept = [];
            while (queue.TryPeek(out Queued next) && next.Number <= number)
            {
                foreach (SetAsidePassing passing in setAside.Where(passing => passing.Number == next.Number))
                    kept.Add((passing, Encoding.UTF8.GetString(next.Item)));
                queue.Dequeue();
            }

            relayed.SetAside += kept.Count;
            state.KeepKnown(relayed, relayed.Known.Add(first, number), kept);
        }

        SignalTaken();
        foreach (SetAsidePassing passing in setAside)
            SetAside?.Invoke(relayed, passing);
    }

    public override void SetToken(string location, int session, string token) =>
        SetCloudToken(Find(location, session), token);

    /// <summary>One that is there.</summary>
    public RelayedSession Find(string location, int session)
    {
        lock (_lock)
            return _sessions.Find(known => known.Location == location && known.Number == session)!;
    }

    /// <summary>A passing without a bib is sent with its chip for one, as unknown chips are.</summary>
    byte[] Write(CloudPassing passing)
    {
        _item.ResetWrittenCount();
        using (Utf8JsonWriter writer = new(_item))
            (passing with { Bib = passing.Bib ?? passing.Chip ?? "" }).WriteTo(writer);
        return _item.WrittenSpan.ToArray();
    }

    /// <summary>Whoever waits for room, or for the end of a queue, looks again.</summary>
    void SignalTaken()
    {
        TaskCompletionSource taken;
        lock (_lock)
            (taken, _taken) = (_taken, NewSignal());
        taken.TrySetResult();
    }

    static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    readonly record struct Queued(int Number, byte[] Item);
}
