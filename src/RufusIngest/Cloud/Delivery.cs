using RufusIngest.Passings;

namespace RufusIngest.Cloud;

/// <summary>
/// Decides for one session what follows on what. No clock, no I/O, no chance but its own seeded generator, so that the
/// same events give the same actions, in production, replay and simulation. Single-threaded. States and events are
/// tabled in docs/delivery.md.
/// </summary>
/// <param name="options">Bounds, times and policies.</param>
/// <param name="seed">Of the jitter.</param>
/// <param name="maybeSentUpTo">Numbers up to it may have been sent before this object was made.</param>
/// <param name="mayComeLate">Lower numbers may follow higher ones.</param>
/// <param name="mostAtOnce">Most passings the server takes in a request, when that is known.</param>
sealed class Delivery(
    UploadOptions options, ulong seed, int maybeSentUpTo = 0, bool mayComeLate = false, int mostAtOnce = int.MaxValue)
{
    /// <summary>What is told of a passing whose number the server has for another one.</summary>
    public const string TakenWords = "The server has another passing under this number.";

    /// <summary>Most questions on one suspicious success; then the server's success counts.</summary>
    const int MaxQuestions = 5;

    enum State : byte
    {
        Empty,
        Sending,
        Waiting,
        WaitingToAsk,
        Asking,
        WaitingToOpen,
        Opening,
        Stopped,
    }

    readonly BatchProgress _progress = new();
    State _state;
    TimeSpan _step;
    ulong _random = seed;
    int _maybeSentUpTo = maybeSentUpTo;
    bool _asksFirst = maybeSentUpTo > 0;
    bool? _canRead = options.CanRead;
    bool _compresses = options.Compress;
    bool _compressionIsKnown;

    // The piece under way: sent, waiting to be sent, or asked about.
    int _from;
    int _to;

    // How pieces are cut.
    int _mostInAPiece = int.MaxValue;
    int _largestTaken;
    int _refusedTo;
    int _refusedInARow;

    // A success with an alarm is being looked into, and what became known by the event at hand.
    bool _isSuspicious;
    int _questions;
    bool _openedInVain;
    int _taken;
    (DeliveryAlarmKind Kind, int Count)? _alarm;

    /// <summary>Takes an event and says what to do next.</summary>
    public DeliveryAction On(in DeliveryEvent e)
    {
        _taken = 0;
        _alarm = null;
        (int from, int to) = (_from, _to);
        DeliveryAction action = Decide(e);
        bool isMoved = _progress.TellMove(out IReadOnlyList<SetAsidePassing>? setAside);
        return action with
        {
            Taken = _taken,
            IsMoved = isMoved,
            AcknowledgeTo = isMoved ? _progress.Cursor : 0,
            SetAside = setAside,
            Alarm = _alarm?.Kind,
            AlarmCount = _alarm?.Count ?? 0,
            AlarmFirst = _alarm is null ? 0 : from,
            AlarmLast = _alarm is null ? 0 : to,
        };
    }

    DeliveryAction Decide(in DeliveryEvent e) => (_state, e.Kind) switch
    {
        (State.Empty, DeliveryEventKind.BatchReady) => Begin(e),
        (State.Sending, DeliveryEventKind.Answered) => OnAnswer(e),
        (State.Sending, DeliveryEventKind.FailedBeforeSending) => Wait(State.Waiting),
        (State.Sending, DeliveryEventKind.FailedMaybeSent) => OnMaybeSent(e),
        (State.Waiting, DeliveryEventKind.DelayElapsed) => Send(),
        (State.WaitingToAsk, DeliveryEventKind.DelayElapsed) => Ask(),
        (State.Asking, DeliveryEventKind.Compared) => OnCompared(e),
        (State.Asking, DeliveryEventKind.QuestionFailed) => OnQuestionFailed(e),
        (State.WaitingToOpen, DeliveryEventKind.DelayElapsed) => Open(),
        (State.Opening, DeliveryEventKind.Opened) => OnOpened(),
        (State.Opening, DeliveryEventKind.OpenFailed) => OnOpenFailed(e),
        (State.Stopped, DeliveryEventKind.Resumed) => OnResumed(e),
        _ => default,
    };

    DeliveryAction Begin(in DeliveryEvent e)
    {
        _progress.Begin(e.First, e.Last, _maybeSentUpTo);
        _refusedTo = 0;
        ResetDelay();
        bool asks = _asksFirst && _canRead != false && e.First <= _maybeSentUpTo;
        _asksFirst = false;
        if (!asks)
            return GoOn();
        ChoosePiece();
        return Ask();
    }

    DeliveryAction OnAnswer(in DeliveryEvent e)
    {
        if (e.Status is >= 200 and <= 299)
            return OnSuccess(e);
        _progress.MarkSent(_from, _to);
        if (RufusCloudException.SaysGone(e.Status, e.Words))
            return OnGone();
        if (IsPassing(e.Status))
            return Wait(State.Waiting, e.RetryAfter);
        if (_compresses && !_compressionIsKnown && e.Status is 400 or 415)
        {
            _compresses = false;
            return Send();
        }

        return e.Status is 400 or 413 ? OnRefused(e) : Stop(RufusCloudException.Classify(e.Status, e.Words));
    }

    DeliveryAction OnSuccess(in DeliveryEvent e)
    {
        int count = _to - _from + 1;
        int maybeSent = _progress.CountSent(_from, _to);
        _compressionIsKnown |= _compresses;
        _largestTaken = Math.Max(_largestTaken, count);
        _refusedInARow = 0;
        _openedInVain = false;
        if (Suspicion(e.Inserted, e.Duplicates, count, maybeSent) is not { } suspicion)
            return TakePiece();
        _alarm = suspicion;
        if (_canRead == false)
            return TakePiece();
        _progress.MarkSent(_from, _to);
        _isSuspicious = true;
        _questions = 0;
        return Ask();
    }

    /// <summary>What the counts of a 2xx say against it. Those that are missing say nothing.</summary>
    /// <param name="inserted">As the server said it.</param>
    /// <param name="duplicates">As the server said it.</param>
    /// <param name="count">Passings sent.</param>
    /// <param name="maybeSent">How many of them it may have had.</param>
    static (DeliveryAlarmKind Kind, int Count)? Suspicion(int? inserted, int? duplicates, int count, int maybeSent)
    {
        bool addsUp = (inserted, duplicates) switch
        {
            (null, null) => true,
            (null, { } d) => d >= 0 && d <= count,
            ({ } i, null) => i >= count - maybeSent && i <= count,
            ({ } i, { } d) => i >= 0 && d >= 0 && (long)i + d == count,
        };
        if (!addsUp)
            return (DeliveryAlarmKind.CountsDoNotAddUp, count);
        return duplicates > maybeSent ? (DeliveryAlarmKind.NumberTaken, duplicates.Value - maybeSent) : null;
    }

    /// <summary>400 or 413: cut the piece, down to the passing that is meant; then set that aside.</summary>
    DeliveryAction OnRefused(in DeliveryEvent e)
    {
        int count = _to - _from + 1;
        if (count > 1)
        {
            if (e.Status == 413)
                _mostInAPiece = count / 2;
            else
                _refusedTo = _to;
            ChoosePiece();
            return Send();
        }

        // One passing that is too large says nothing about how many small ones are.
        if (e.Status == 413)
            _mostInAPiece = _largestTaken > 0 ? _largestTaken : int.MaxValue;
        _refusedTo = 0;
        _progress.SetAside(new(_from, e.Status, e.Words));
        _progress.Advance();
        ResetDelay();
        return ++_refusedInARow < options.MaxSetAsideInARow
            ? GoOn()
            : Stop(RufusCloudException.Classify(e.Status, e.Words));
    }

    DeliveryAction OnMaybeSent(in DeliveryEvent e)
    {
        _progress.MarkSent(_from, _to);
        return _canRead == false
            ? Wait(State.Waiting)
            : Wait(State.WaitingToAsk, atLeast: options.RequestTimeout - e.Elapsed);
    }

    DeliveryAction OnCompared(in DeliveryEvent e)
    {
        _canRead = true;
        bool wasSuspicious = _isSuspicious;
        _isSuspicious = false;
        int different = 0;
        for (int number = _from; number <= _to; number++)
        {
            switch (e.Found![number - _from])
            {
                case NumberState.Same:
                    _progress.Take(number, number);
                    _taken++;
                    break;
                case NumberState.Different:
                    _progress.SetAside(new(number, 0, TakenWords));
                    different++;
                    break;
                default:
                    break;
            }
        }

        if (different > 0)
            _alarm = (DeliveryAlarmKind.NumberTaken, different);
        if (!wasSuspicious && _maybeSentUpTo > 0)
            LearnFromFirst(_taken + different);
        if (_taken > 0)
            _refusedInARow = 0;
        if (_taken + different > 0)
            ResetDelay();
        bool isMissing = _taken + different < _to - _from + 1;
        if (!wasSuspicious || !isMissing)
            return GoOn();
        _progress.Advance();
        ChoosePiece();
        return Wait(State.Waiting);
    }

    /// <summary>
    /// Numbers go out in order, unless they may come late: where the server has none of a piece, it has none of what
    /// follows either; where it has some, it may have some of the next batch.
    /// </summary>
    void LearnFromFirst(int found)
    {
        _asksFirst = found > 0 || mayComeLate;
        if (found == 0 && !mayComeLate)
            _maybeSentUpTo = Math.Min(_maybeSentUpTo, _to);
    }

    DeliveryAction OnQuestionFailed(in DeliveryEvent e)
    {
        bool isRefused = e.Status is 401 or 403;
        if (isRefused)
            _canRead = false;
        if (!_isSuspicious)
        {
            // 404 may mean that the session holds nothing yet. The wait before a question has been waited for already.
            return isRefused || e.Status == 404 ? Send() : Wait(State.Waiting, e.RetryAfter);
        }

        if (MayPass(e.Status) && ++_questions < MaxQuestions)
            return Wait(State.WaitingToAsk, e.RetryAfter);
        _isSuspicious = false;
        return TakePiece();
    }

    DeliveryAction OnGone() =>
        options.WhenSessionGone == SessionGonePolicy.OpenNew && !_openedInVain
            ? Open()
            : Stop(RufusFailure.SessionGone);

    DeliveryAction OnOpened()
    {
        _openedInVain = true; // Until it has taken something.
        ForgetSent();
        ResetDelay();
        return GoOn();
    }

    DeliveryAction OnOpenFailed(in DeliveryEvent e) =>
        e.Status == 0 || IsPassing(e.Status) ? Wait(State.WaitingToOpen, e.RetryAfter)
        : e.Status is >= 200 and <= 299 ? Stop(RufusFailure.AnswerNotUnderstood) // It opened one: another would close it.
        : Stop(e.Status is 401 or 403 ? RufusCloudException.Classify(e.Status, e.Words) : RufusFailure.SessionGone);

    DeliveryAction OnResumed(in DeliveryEvent e)
    {
        if (e.IsNewSession)
            ForgetSent();
        _refusedInARow = 0;
        _openedInVain = false;
        ResetDelay();
        return GoOn();
    }

    void ForgetSent()
    {
        _maybeSentUpTo = 0;
        _progress.ForgetSent();
    }

    DeliveryAction TakePiece()
    {
        _progress.Take(_from, _to);
        _taken = _to - _from + 1;
        ResetDelay();
        return GoOn();
    }

    /// <summary>On with what is left of the batch, from its lowest number.</summary>
    DeliveryAction GoOn()
    {
        _progress.Advance();
        if (_progress.IsDone)
        {
            _state = State.Empty;
            return new(DeliveryActionKind.Done);
        }

        ChoosePiece();
        return Send();
    }

    /// <summary>The next numbers in a row, or half of what was refused: one of these is meant.</summary>
    void ChoosePiece()
    {
        _from = _progress.Cursor + 1;
        int most = Math.Min(_mostInAPiece, mostAtOnce);
        if (_refusedTo >= _from)
            most = Math.Min(most, (_refusedTo - _from + 2) / 2);
        _to = _progress.EndOfRun(most);
    }

    DeliveryAction Send()
    {
        _state = State.Sending;
        return new(DeliveryActionKind.Send) { First = _from, Last = _to, Compress = _compresses };
    }

    DeliveryAction Ask()
    {
        _state = State.Asking;
        return new(DeliveryActionKind.Ask) { First = _from, Last = _to };
    }

    DeliveryAction Open()
    {
        _state = State.Opening;
        return new(DeliveryActionKind.Open);
    }

    DeliveryAction Stop(RufusFailure failure)
    {
        _state = State.Stopped;
        return new(DeliveryActionKind.Stop) { Failure = failure };
    }

    /// <summary>
    /// Between half a step and a whole one, so that sessions which failed together do not come back together.
    /// </summary>
    DeliveryAction Wait(State then, TimeSpan? retryAfter = null, TimeSpan atLeast = default)
    {
        _state = then;
        TimeSpan delay = _step * (0.5 + (0.5 * NextFraction()));
        _step = Min(_step * 2, options.MaxRetryDelay);
        delay = Max(delay, Min(retryAfter ?? TimeSpan.Zero, options.MaxRetryAfter));
        return new(DeliveryActionKind.Wait) { Delay = Max(delay, atLeast) };
    }

    void ResetDelay() => _step = Min(options.FirstRetryDelay, options.MaxRetryDelay);

    /// <summary>The server says that it will pass.</summary>
    static bool IsPassing(int status) => status is 408 or 429 or (>= 500 and <= 599);

    /// <summary>As <see cref="IsPassing"/>, or the network: no answer, or a success nobody can read.</summary>
    static bool MayPass(int status) => IsPassing(status) || status is 0 or (>= 200 and <= 299);

    /// <summary>SplitMix64, scaled to [0, 1).</summary>
    double NextFraction()
    {
        ulong z = _random += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return ((z ^ (z >> 31)) >> 11) * (1.0 / (1UL << 53));
    }

    static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
