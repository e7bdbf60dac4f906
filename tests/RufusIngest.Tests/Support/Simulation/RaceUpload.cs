using System.Globalization;
using System.Text;
using RufusIngest.Cloud;
using RufusIngest.Passings;

namespace RufusIngest.Tests.Support;

/// <summary>
/// The upload of one session in a simulated race: the library's <see cref="Delivery"/>, bodies and comparison; what its
/// asynchronous shell does is done here by events, under a network that the plan troubles.
/// </summary>
sealed class RaceUpload
{
    readonly SimulatedRace _race;
    readonly RacePlan _plan;
    readonly string _location;
    readonly int _session;
    readonly Delivery _delivery;
    readonly PassingItems _items = new();
    int _cursor;
    int _sentUpTo;
    string? _token;
    string? _usedToken;
    bool _isWaitingForToken;
    bool _isUnderWay;
    bool _isDead;
    int _call;

    public RaceUpload(SimulatedRace race, StoredSession stored, int maybeSentUpTo)
    {
        _race = race;
        _plan = race.Plan;
        _location = stored.Location;
        _session = stored.Session;
        _cursor = stored.AcknowledgedNumber;
        _token = stored.Token;
        _delivery = new(_plan.Upload, (ulong)_plan.Random.NextInt64(), maybeSentUpTo);
        race.Checks.CursorAtStart(stored);
    }

    public bool IsIdle => !_isUnderWay;

    string Name => $"{_location}/{_session}";

    public void Start()
    {
        if (_token is null)
        {
            _isWaitingForToken = true;
            Later(_plan.Random.NextDouble() * 8, () =>
            {
                _isWaitingForToken = false;
                Attach();
                Wake();
            });
        }

        Wake();
    }

    /// <summary>The process is gone; what it sent stays on the way.</summary>
    public void Die() => _isDead = true;

    /// <summary>There may be more to send.</summary>
    public void Wake()
    {
        if (_isDead || _isUnderWay || !_race.Host.Disk.Powered)
            return;
        int most = _plan.Upload.MaxPassingsPerPost;
        if (_race.Host.Journal.ReadPassings(_location, _session, _cursor, most, _items) == 0)
            return;
        _isUnderWay = true;
        Begin();
    }

    void Begin()
    {
        if (_isWaitingForToken)
            Later(1, Begin);
        else
            Take(new(DeliveryEventKind.BatchReady) { First = _items.FirstNumber, Last = _items.LastNumber });
    }

    void Take(DeliveryEvent e)
    {
        if (_race.Defect == RaceDefect.DroppedWhenAmbiguous && e.Kind == DeliveryEventKind.FailedMaybeSent)
            e = new(DeliveryEventKind.Answered, 200);
        _race.Counts.Ambiguous += e.Kind == DeliveryEventKind.FailedMaybeSent ? 1 : 0;
        DeliveryAction action = _delivery.On(e);
        _race.Trace.Add(
            $"{Name} {e.Kind} {e.Status}: {action.Kind} {action.First}-{action.Last}, cursor {action.AcknowledgeTo}");
        if (action.AcknowledgeTo > 0)
            Acknowledge(action);
        if (action.Alarm is { } alarm)
            _race.Fail($"alarm {alarm} of {Name}, {action.AlarmCount} of {action.AlarmFirst} to {action.AlarmLast}");
        if (!_race.Host.Disk.Powered)
            return;
        switch (action.Kind)
        {
            case DeliveryActionKind.Send:
                Post(action);
                break;
            case DeliveryActionKind.Ask:
                Ask(action.First, action.Last);
                break;
            case DeliveryActionKind.Wait:
                Later(action.Delay.TotalSeconds, () => Take(new(DeliveryEventKind.DelayElapsed)));
                break;
            case DeliveryActionKind.Open:
                Open();
                break;
            case DeliveryActionKind.Stop:
                OnStop(action.Failure);
                break;
            case DeliveryActionKind.Done:
                _isUnderWay = false;
                Wake();
                break;
            default:
                _race.Fail($"delivery of {Name} is idle");
                break;
        }
    }

    void Acknowledge(DeliveryAction action)
    {
        _race.Checks.MayAcknowledge(_location, _session, _cursor, action, _items);
        _cursor = action.AcknowledgeTo;
        _race.Host.Journal.Acknowledge(_location, _session, action.AcknowledgeTo, action.SetAside ?? []);
    }

    void Post(DeliveryAction piece)
    {
        _usedToken = _token;
        ReadOnlyMemory<byte> items = _items.GetItems(
            piece.First - _items.FirstNumber, piece.Last - _items.FirstNumber + 1);
        if (_race.Defect == RaceDefect.RenumberedWhenSentAgain && piece.First <= _sentUpTo)
            items = Renumber(items, piece);
        _sentUpTo = Math.Max(_sentUpTo, piece.Last);
        byte[] body = MakeBody(items, piece.Compress);
        if (!IsTroubled())
        {
            Exchange(body, piece, 0.02 + (_plan.Random.NextDouble() * 0.3));
            return;
        }

        PostInTrouble(body, piece);
    }

    void PostInTrouble(byte[] body, DeliveryAction piece)
    {
        double timeout = _plan.Upload.RequestTimeout.TotalSeconds;
        int call = ++_call;
        switch (_plan.Random.Next(9))
        {
            case 0: // No connection.
                Later(0.01, () => Take(new(DeliveryEventKind.FailedBeforeSending)));
                break;
            case 1: // Lost on the way there.
                Left(piece, body);
                MaybeSent(timeout);
                break;
            case 2: // Delivered; the answer is lost.
                Arrive(body, piece, _plan.Random.NextDouble() * timeout);
                MaybeSent(timeout);
                break;
            case 3: // Delivered; the connection breaks.
                Arrive(body, piece, 0.1);
                MaybeSent(0.2);
                break;
            case 4: // The connection breaks, and what was written is delivered at any later time.
                Arrive(body, piece, 0.1 + (_plan.Random.NextDouble() * 2 * timeout));
                MaybeSent(0.1);
                break;
            case 5: // Delivered after the time is up, perhaps behind newer ones.
                Arrive(body, piece, timeout + (_plan.Random.NextDouble() * 20));
                MaybeSent(timeout);
                break;
            case 6: // Taken, and then a failure in the server or before it.
                Arrive(body, piece, 0.1);
                Later(0.2, () => Answered(RaceServer.Answer(Pick(500, 502, 408), "{}"), 0.2));
                break;
            case 7: // Not taken.
                Left(piece, body);
                CloudAnswer refusal = RaceServer.Answer(Pick(500, 429, 503, 408), "{}", Pick<int?>(null, 2, 30));
                Later(0.2, () => Answered(refusal, 0.2));
                break;
            default: // Somebody else answers, with success.
                Left(piece, body);
                Later(0.2, () => Answered(RaceServer.Answer(200, "<html>Log in</html>"), 0.2));
                break;
        }

        void MaybeSent(double after) => Later(after, () =>
        {
            if (call == _call)
                Take(new(DeliveryEventKind.FailedMaybeSent) { Elapsed = TimeSpan.FromSeconds(after) });
        });
    }

    void Answered(CloudAnswer answer, double elapsed) =>
        Take(UploadEvents.OfAnswer(answer, answer.Description, TimeSpan.FromSeconds(elapsed)));

    /// <summary>It gets there, and the answer back.</summary>
    void Exchange(byte[] body, DeliveryAction piece, double latency)
    {
        CloudAnswer? answer = null;
        Arrive(body, piece, latency / 2, got => answer = got);
        Later(latency, () => Answered(answer!, latency));
    }

    /// <summary>It gets to the server, whether the host lives then or not.</summary>
    void Arrive(byte[] body, DeliveryAction piece, double after, Action<CloudAnswer>? answered = null)
    {
        Left(piece, body);
        _race.Clock.After(after, () =>
        {
            CloudAnswer answer = _race.Server.Post(body, piece.Compress);
            answered?.Invoke(answer);
        });
    }

    void Left(DeliveryAction piece, byte[] body) =>
        _race.Checks.Left(_location, _session, piece.Compress ? RaceServer.Decompress(body) : body);

    void Ask(int first, int last)
    {
        _race.Counts.Questions++;
        string token = _token!;
        double latency = 0.02 + (_plan.Random.NextDouble() * 0.3);
        if (IsTroubled())
        {
            int status = Pick(0, 500, 429, 200);
            Later(latency, () => Take(new(DeliveryEventKind.QuestionFailed, status)));
            return;
        }

        (int Status, List<CloudPassing> Found) answer = (0, []);
        _race.Clock.After(latency / 2, () => answer = _race.Server.Ask(token, first, last));
        Later(latency, () => Take(answer.Status == 200
            ? UploadEvents.OfFound(_items, first, last, answer.Found)
            : new(DeliveryEventKind.QuestionFailed, answer.Status)));
    }

    void Open()
    {
        double latency = 0.02 + (_plan.Random.NextDouble() * 0.3);
        if (IsTroubled())
        {
            int status = Pick(0, 500, 429);
            Later(latency, () => Take(new(DeliveryEventKind.OpenFailed, status)));
            return;
        }

        Later(latency, () =>
        {
            if (_token == _usedToken)
                Attach();
            Take(new(DeliveryEventKind.Opened));
        });
    }

    /// <summary>Somebody looks after it some time later.</summary>
    void OnStop(RufusFailure failure) => Later(2 + (_plan.Random.NextDouble() * 4), () =>
    {
        if (failure == RufusFailure.SessionGone)
            Attach();
        else if (failure != RufusFailure.KeyRefused)
            _race.Fail($"{Name} stopped: {failure}");
        Take(new(DeliveryEventKind.Resumed) { IsNewSession = _token != _usedToken });
    });

    void Attach()
    {
        _token = _race.Server.Open(_location, _session);
        _race.Host.Journal.SetToken(_location, _session, _token);
    }

    byte[] MakeBody(ReadOnlyMemory<byte> items, bool isCompressed)
    {
        using MemoryStream compressed = new();
        using PassingsContent content = new(
            PassingsContent.MakePrefix(_token!), items, isCompressed ? compressed : null);
        using MemoryStream body = new();
        Task copy = content.CopyToAsync(body);
        return copy.IsCompletedSuccessfully ? body.ToArray() : throw new InvalidOperationException("It waits.");
    }

    static byte[] Renumber(ReadOnlyMemory<byte> items, DeliveryAction piece)
    {
        string text = Encoding.UTF8.GetString(items.Span);
        for (int number = piece.Last; number >= piece.First; number--)
        {
            text = text.Replace(
                string.Create(CultureInfo.InvariantCulture, $"\"num_passing\":{number},"),
                string.Create(CultureInfo.InvariantCulture, $"\"num_passing\":{number + 1},"),
                StringComparison.Ordinal);
        }

        return Encoding.UTF8.GetBytes(text);
    }

    bool IsTroubled() => !_race.IsCalm && _plan.Random.NextDouble() < _plan.NetworkTrouble;

    T Pick<T>(params ReadOnlySpan<T> choices) => choices[_plan.Random.Next(choices.Length)];

    void Later(double seconds, Action action) => _race.Clock.After(seconds, () =>
    {
        if (!_isDead && _race.Host.Disk.Powered)
            action();
    });
}
