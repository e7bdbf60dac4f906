namespace RufusIngest.Cloud;

/// <summary>What happened to the batch at the head of a session's queue.</summary>
enum DeliveryEventKind : byte
{
    /// <summary>There is a batch, and a token to send it with.</summary>
    BatchReady,

    /// <summary>The server answered.</summary>
    Answered,

    /// <summary>The request failed before a byte of the body was written.</summary>
    FailedBeforeSending,

    /// <summary>The request failed when the server may have had it.</summary>
    FailedMaybeSent,

    /// <summary>The delay asked for is over.</summary>
    DelayElapsed,

    /// <summary>The host says that what stopped the session is put right.</summary>
    Resumed,
}

/// <summary>One input of <see cref="Delivery"/>; all but the kind belong to an answer.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Status">HTTP status.</param>
/// <param name="RetryAfter">How long the server asks to wait.</param>
/// <param name="Inserted">Passings the server says it stored; null: it did not say.</param>
/// <param name="Duplicates">Passings the server says it had; null: it did not say.</param>
readonly record struct DeliveryEvent(
    DeliveryEventKind Kind, int Status = 0, TimeSpan? RetryAfter = null, int? Inserted = null, int? Duplicates = null);

/// <summary>What to do next with the batch at the head.</summary>
enum DeliveryActionKind : byte
{
    /// <summary>Nothing.</summary>
    Idle,

    /// <summary>Send the batch at the head, the same bytes each time.</summary>
    Send,

    /// <summary>Wait, then say so.</summary>
    Wait,

    /// <summary>The server has it: give it back and go on with the next.</summary>
    Acknowledge,

    /// <summary>Keep it, report, and send nothing until the host resumes.</summary>
    Stop,
}

/// <summary>One output of <see cref="Delivery"/>.</summary>
/// <param name="Kind">What to do.</param>
/// <param name="Delay">How long to wait.</param>
readonly record struct DeliveryAction(DeliveryActionKind Kind, TimeSpan Delay = default);

/// <summary>
/// Decides for one session what follows on what. No clock, no I/O, no chance but its own seeded generator, so that the
/// same events give the same actions, in production, replay and simulation. Single-threaded. States and events are
/// tabled in docs/delivery.md.
/// </summary>
sealed class Delivery(UploadOptions options, ulong seed)
{
    enum State : byte
    {
        Empty,
        Sending,
        Waiting,
        Stopped,
    }

    State _state;
    TimeSpan _step;
    ulong _random = seed;

    public DeliveryAction On(in DeliveryEvent e) => (_state, e.Kind) switch
    {
        (State.Empty, DeliveryEventKind.BatchReady) => SendAfresh(),
        (State.Sending, DeliveryEventKind.Answered) => OnAnswer(e),
        (State.Sending, DeliveryEventKind.FailedBeforeSending or DeliveryEventKind.FailedMaybeSent) => Wait(null),
        (State.Waiting, DeliveryEventKind.DelayElapsed) => Send(),
        (State.Stopped, DeliveryEventKind.Resumed) => SendAfresh(),
        _ => default,
    };

    DeliveryAction OnAnswer(in DeliveryEvent e)
    {
        switch (e.Status)
        {
            case >= 200 and <= 299:
                _state = State.Empty;
                return new(DeliveryActionKind.Acknowledge);
            case 408 or 429 or (>= 500 and <= 599):
                return Wait(e.RetryAfter);
            default:
                _state = State.Stopped;
                return new(DeliveryActionKind.Stop);
        }
    }

    DeliveryAction SendAfresh()
    {
        _step = Min(options.FirstRetryDelay, options.MaxRetryDelay);
        return Send();
    }

    DeliveryAction Send()
    {
        _state = State.Sending;
        return new(DeliveryActionKind.Send);
    }

    /// <summary>
    /// Between half a step and a whole one, so that sessions which failed together do not come back together.
    /// </summary>
    DeliveryAction Wait(TimeSpan? retryAfter)
    {
        _state = State.Waiting;
        TimeSpan delay = _step * (0.5 + (0.5 * NextFraction()));
        _step = Min(_step * 2, options.MaxRetryDelay);
        TimeSpan asked = Min(retryAfter ?? TimeSpan.Zero, options.MaxRetryAfter);
        return new(DeliveryActionKind.Wait, delay > asked ? delay : asked);
    }

    /// <summary>SplitMix64, scaled to [0, 1).</summary>
    double NextFraction()
    {
        ulong z = _random += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return ((z ^ (z >> 31)) >> 11) * (1.0 / (1UL << 53));
    }

    static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
