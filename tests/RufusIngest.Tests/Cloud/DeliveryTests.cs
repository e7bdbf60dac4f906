using CsCheck;
using RufusIngest.Cloud;
using static RufusIngest.Cloud.DeliveryActionKind;
using static RufusIngest.Cloud.DeliveryEventKind;

namespace RufusIngest.Tests.Cloud;

public class DeliveryTests
{
    static readonly UploadOptions Defaults = new();

    static readonly int[] Statuses = [200, 201, 400, 403, 404, 408, 413, 429, 500, 503, 302];

    static readonly DeliveryEvent[] ToSending = [new(BatchReady)];
    static readonly DeliveryEvent[] ToWaiting = [new(BatchReady), new(FailedMaybeSent)];
    static readonly DeliveryEvent[] ToStopped = [new(BatchReady), new(Answered, 403)];

    /// <summary>The table of docs/delivery.md, row by row; a dot is idle.</summary>
    [Theory]
    [InlineData("empty", "send . . . . . . .")]
    [InlineData("sending", ". ack wait stop wait wait . .")]
    [InlineData("waiting", ". . . . . . send .")]
    [InlineData("stopped", ". . . . . . . send")]
    public void each_state_answers_each_event_as_tabled(string state, string row)
    {
        DeliveryEvent[] events =
        [
            new(BatchReady), new(Answered, 201), new(Answered, 503), new(Answered, 404), new(FailedBeforeSending),
            new(FailedMaybeSent), new(DelayElapsed), new(Resumed),
        ];
        string[] expected = row.Split(' ');
        for (int i = 0; i < events.Length; i++)
        {
            Delivery delivery = In(state);
            DeliveryActionKind action = delivery.On(events[i]).Kind;
            string word = action switch
            {
                Idle => ".",
                Acknowledge => "ack",
                _ => action.ToString().ToLowerInvariant(),
            };
            Assert.True(expected[i] == word, $"{state}, {events[i]}: {word} instead of {expected[i]}");
        }
    }

    [Theory]
    [InlineData("Acknowledge", new[] { 200, 201, 202, 204, 299 })]
    [InlineData("Wait", new[] { 408, 429, 500, 502, 503, 504, 599 })]
    [InlineData("Stop", new[] { 0, 100, 199, 300, 302, 400, 401, 403, 404, 407, 409, 413, 422, 499, 600 })]
    public void the_status_alone_decides(string expected, int[] statuses)
    {
        foreach (int status in statuses)
            Assert.Equal(expected, In("sending").On(new(Answered, status)).Kind.ToString());
    }

    [Fact]
    public void delays_double_to_the_cap_and_start_again_with_the_next_batch()
    {
        Delivery delivery = In("sending");
        double step = 0.5;
        for (int i = 0; i < 20; i++)
        {
            double delay = delivery.On(new(FailedMaybeSent)).Delay.TotalSeconds;
            Assert.InRange(delay, step / 2, step);
            step = Math.Min(60, step * 2);
            Assert.Equal(Send, delivery.On(new(DelayElapsed)).Kind);
        }

        Assert.Equal(60, step);
        Assert.Equal(Acknowledge, delivery.On(new(Answered, 200)).Kind);
        Assert.Equal(Send, delivery.On(new(BatchReady)).Kind);
        Assert.InRange(delivery.On(new(Answered, 500)).Delay.TotalSeconds, 0.25, 0.5);
    }

    [Theory]
    [InlineData(0, 0.25, 0.5)]
    [InlineData(7, 7, 7)]
    [InlineData(100_000, 600, 600)]
    public void retry_after_lengthens_a_delay_up_to_its_cap(int seconds, double atLeast, double atMost)
    {
        DeliveryAction action = In("sending").On(new(Answered, 429, TimeSpan.FromSeconds(seconds)));
        Assert.InRange(action.Delay.TotalSeconds, atLeast, atMost);
    }

    [Fact]
    public void seeds_spread_the_delays_and_the_same_seed_gives_the_same()
    {
        static TimeSpan First(ulong seed)
        {
            Delivery delivery = new(Defaults, seed);
            delivery.On(new(BatchReady));
            return delivery.On(new(FailedMaybeSent)).Delay;
        }

        TimeSpan[] delays = [.. Enumerable.Range(0, 100).Select(seed => First((ulong)seed))];
        Assert.Equal(delays, Enumerable.Range(0, 100).Select(seed => First((ulong)seed)));
        Assert.True(delays.Distinct().Count() > 95);
        Assert.True(delays.Max() - delays.Min() > TimeSpan.FromSeconds(0.2));
    }

    [Fact]
    public void whatever_happens_no_second_request_begins_and_nothing_is_acknowledged_without_a_2xx() =>
        Gen.Select(Gen.ULong, GenEvent.Array[0, 60]).Sample((seed, events) =>
        {
            Delivery delivery = new(Defaults, seed);
            bool isUnderWay = false;
            foreach (DeliveryEvent e in events)
            {
                DeliveryAction action = delivery.On(e);
                bool isOutcome = e.Kind is Answered or FailedBeforeSending or FailedMaybeSent;
                switch (action.Kind)
                {
                    case Send:
                        Assert.False(isUnderWay);
                        isUnderWay = true;
                        break;
                    case Acknowledge:
                        Assert.True(isUnderWay && e is { Kind: Answered, Status: >= 200 and <= 299 });
                        isUnderWay = false;
                        break;
                    case Wait:
                        Assert.True(isUnderWay && isOutcome);
                        Assert.InRange(action.Delay, TimeSpan.FromSeconds(0.25), Defaults.MaxRetryAfter);
                        if (e.RetryAfter is null)
                            Assert.True(action.Delay <= Defaults.MaxRetryDelay);
                        isUnderWay = false;
                        break;
                    case Stop:
                        Assert.True(isUnderWay && isOutcome);
                        isUnderWay = false;
                        break;
                    default:
                        Assert.False(isUnderWay && isOutcome, "An outcome was passed over.");
                        break;
                }
            }
        });

    static readonly Gen<DeliveryEvent> GenEvent = Gen.Select(
        Gen.Frequency((1, Gen.Const(BatchReady)), (3, Gen.Const(Answered)), (1, Gen.Const(FailedMaybeSent)),
            (1, Gen.Const(FailedBeforeSending)), (2, Gen.Const(DelayElapsed)), (1, Gen.Const(Resumed))),
        Gen.Int[0, 10].Select(i => Statuses[i]),
        Gen.Int[-10, 1_000_000].Nullable(),
        (kind, status, seconds) => new DeliveryEvent(
            kind, status, kind == Answered && seconds is { } s ? TimeSpan.FromSeconds(s) : null));

    static Delivery In(string state)
    {
        Delivery delivery = new(Defaults, 1);
        DeliveryEvent[] way = state switch
        {
            "sending" => ToSending,
            "waiting" => ToWaiting,
            "stopped" => ToStopped,
            _ => [],
        };
        foreach (DeliveryEvent e in way)
            delivery.On(e);
        return delivery;
    }
}
