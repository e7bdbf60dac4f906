using RufusIngest.Cloud;
using RufusIngest.Passings;
using RufusIngest.Tests.Support;
using static RufusIngest.Cloud.DeliveryActionKind;
using static RufusIngest.Cloud.DeliveryEventKind;
using static RufusIngest.Cloud.NumberState;

namespace RufusIngest.Tests.Cloud;

public class DeliveryTests
{
    static readonly UploadOptions Defaults = new();
    static readonly UploadOptions OpensNew = new() { WhenSessionGone = SessionGonePolicy.OpenNew };
    static readonly UploadOptions CannotRead = new() { CanRead = false };

    [Theory]
    [InlineData("Done", new[] { 200, 201, 202, 204, 299 })]
    [InlineData("Wait", new[] { 408, 429, 500, 502, 503, 504, 599 })]
    [InlineData("Send", new[] { 400, 413 })]
    [InlineData("Stop", new[] { 0, 100, 199, 300, 302, 401, 403, 404, 407, 409, 415, 422, 499, 600 })]
    public void the_status_decides_on_a_piece(string expected, int[] statuses)
    {
        foreach (int status in statuses)
            Assert.Equal(expected, In("sending").On(new(Answered, status)).Kind.ToString());
    }

    [Theory]
    [InlineData(404, null, RufusFailure.SessionGone)]
    [InlineData(400, "session not found or closed", RufusFailure.SessionGone)]
    [InlineData(500, "Session not found or closed", RufusFailure.SessionGone)]
    [InlineData(401, null, RufusFailure.KeyRefused)]
    [InlineData(403, null, RufusFailure.KeyRefused)]
    [InlineData(409, null, RufusFailure.BadRequest)]
    [InlineData(302, null, RufusFailure.AnswerNotUnderstood)]
    public void a_stop_says_what_to_do(int status, string? words, RufusFailure failure)
    {
        DeliveryAction action = In("sending").On(new(Answered, status) { Words = words });
        Assert.Equal((Stop, failure, 0), (action.Kind, action.Failure, action.AcknowledgeTo));
    }

    [Fact]
    public void words_do_not_undo_a_success() => Assert.Equal(
        Done, In("sending").On(new(Answered, 200) { Words = "Session not found or closed" }).Kind);

    [Fact]
    public void delays_double_to_the_cap_and_start_again_with_the_next_batch()
    {
        Delivery delivery = In("sending", CannotRead);
        double step = 0.5;
        for (int i = 0; i < 20; i++)
        {
            double delay = delivery.On(new(FailedMaybeSent)).Delay.TotalSeconds;
            Assert.InRange(delay, step / 2, step);
            step = Math.Min(60, step * 2);
            DeliveryAction again = delivery.On(new(DelayElapsed));
            Assert.Equal((Send, 1, 4), (again.Kind, again.First, again.Last));
        }

        Assert.Equal(60, step);
        Assert.Equal(Done, delivery.On(new(Answered, 200)).Kind);
        Assert.Equal(Send, delivery.On(Batch(5, 6)).Kind);
        Assert.InRange(delivery.On(new(Answered, 500)).Delay.TotalSeconds, 0.25, 0.5);
    }

    [Theory]
    [InlineData(0, 0.25, 0.5)]
    [InlineData(7, 7, 7)]
    [InlineData(100_000, 600, 600)]
    public void retry_after_lengthens_a_delay_up_to_its_cap(int seconds, double atLeast, double atMost)
    {
        DeliveryEvent throttled = new(Answered, 429) { RetryAfter = TimeSpan.FromSeconds(seconds) };
        Assert.InRange(In("sending").On(throttled).Delay.TotalSeconds, atLeast, atMost);
    }

    [Fact]
    public void seeds_spread_the_delays_and_the_same_seed_gives_the_same()
    {
        static TimeSpan First(ulong seed)
        {
            Delivery delivery = new(Defaults, seed);
            delivery.On(Batch(1, 1));
            return delivery.On(new(Answered, 500)).Delay;
        }

        TimeSpan[] delays = [.. Enumerable.Range(0, 100).Select(seed => First((ulong)seed))];
        Assert.Equal(delays, Enumerable.Range(0, 100).Select(seed => First((ulong)seed)));
        Assert.True(delays.Distinct().Count() > 95);
        Assert.True(delays.Max() - delays.Min() > TimeSpan.FromSeconds(0.2));
    }

    [Theory]
    [InlineData(0, 30, 30)]
    [InlineData(12, 18, 18)]
    [InlineData(30, 0.25, 0.5)]
    public void a_question_waits_until_the_lost_request_can_no_longer_arrive(
        int elapsed, double atLeast, double atMost)
    {
        Delivery delivery = In("sending");
        DeliveryAction wait = delivery.On(new(FailedMaybeSent) { Elapsed = TimeSpan.FromSeconds(elapsed) });
        Assert.InRange(wait.Delay.TotalSeconds, atLeast, atMost);
        DeliveryAction ask = delivery.On(new(DelayElapsed));
        Assert.Equal((Ask, 1, 4), (ask.Kind, ask.First, ask.Last));
    }

    [Fact]
    public void only_what_is_missing_is_sent_again_in_runs()
    {
        Delivery delivery = In("asking", last: 6);
        DeliveryAction action = delivery.On(Found(Same, Missing, Missing, Different, Missing, Same));
        Assert.Equal((Send, 2, 3, 1, 2), (action.Kind, action.First, action.Last, action.AcknowledgeTo, action.Taken));
        Assert.Null(action.SetAside);
        Assert.Equal((DeliveryAlarmKind.NumberTaken, 1), (action.Alarm!.Value, action.AlarmCount));
        action = delivery.On(new(Answered, 201) { Duplicates = 2 }); // It was on its way: no alarm.
        Assert.Equal((Send, 5, 5, 4, 2), (action.Kind, action.First, action.Last, action.AcknowledgeTo, action.Taken));
        Assert.Equal([new(4, 0, Delivery.TakenWords)], action.SetAside!);
        Assert.Null(action.Alarm);
        action = delivery.On(new(Answered, 201));
        Assert.Equal((Done, 6, 1), (action.Kind, action.AcknowledgeTo, action.Taken));
    }

    [Fact]
    public void a_question_that_finds_all_ends_the_batch_without_sending() =>
        Assert.Equal((Done, 4), Sum(In("asking").On(Found(Same, Same, Same, Same))));

    [Theory]
    [InlineData(0, "Wait")]
    [InlineData(200, "Wait")]
    [InlineData(429, "Wait")]
    [InlineData(500, "Wait")]
    [InlineData(400, "Wait")]
    [InlineData(404, "Send")]
    [InlineData(401, "Send")]
    [InlineData(403, "Send")]
    public void without_a_clear_answer_the_identical_piece_goes_again(int status, string next)
    {
        Delivery delivery = In("asking");
        DeliveryAction action = delivery.On(new(QuestionFailed, status));
        Assert.Equal(next, action.Kind.ToString());
        if (action.Kind == Wait)
            action = delivery.On(new(DelayElapsed));
        Assert.Equal((Send, 1, 4), (action.Kind, action.First, action.Last));
    }

    [Fact]
    public void a_key_that_was_refused_the_question_is_never_asked_with_again()
    {
        Delivery delivery = In("asking");
        delivery.On(new(QuestionFailed, 403));
        Assert.InRange(delivery.On(new(FailedMaybeSent)).Delay.TotalSeconds, 0.25, 1);
        Assert.Equal(Send, delivery.On(new(DelayElapsed)).Kind);
        DeliveryAction action = delivery.On(new(Answered, 201) { Inserted = 1, Duplicates = 1 });
        Assert.Equal((Done, DeliveryAlarmKind.CountsDoNotAddUp), (action.Kind, action.Alarm!.Value));
    }

    [Fact]
    public void after_a_restart_it_asks_before_it_sends_until_nothing_is_found_and_duplicates_up_to_there_are_no_alarm()
    {
        Delivery delivery = new(Defaults, 1, maybeSentUpTo: 11);
        DeliveryAction action = delivery.On(Batch(3, 4));
        Assert.Equal((Ask, 3, 4), (action.Kind, action.First, action.Last));
        action = delivery.On(Found(Missing, Same));
        Assert.Equal((Send, 3, 3), (action.Kind, action.First, action.Last));
        Assert.Equal((Done, 4), Sum(delivery.On(new(Answered, 201) { Inserted = 0, Duplicates = 1 })));
        action = delivery.On(Batch(5, 8));
        Assert.Equal((Ask, 5, 8), (action.Kind, action.First, action.Last));
        action = delivery.On(Found(Missing, Missing, Missing, Missing));
        Assert.Equal((Send, 5, 8), (action.Kind, action.First, action.Last));
        action = delivery.On(new(Answered, 201) { Inserted = 1, Duplicates = 3 }); // A lost request came after all.
        Assert.Equal((Done, null), (action.Kind, action.Alarm));
        action = delivery.On(Batch(9, 9)); // Was not sent before: nothing of those before it was there.
        Assert.Equal((Send, 9, 9), (action.Kind, action.First, action.Last));
        Assert.Equal(DeliveryAlarmKind.NumberTaken, delivery.On(new(Answered, 201) { Duplicates = 1 }).Alarm);
    }

    [Theory]
    [InlineData(false, 3, 1)]
    [InlineData(true, 1, 1)]
    [InlineData(true, 2, 1)]
    public void after_a_restart_it_does_not_ask_when_nobody_answers_or_nothing_can_have_been_sent(
        bool canRead, int first, int maybeSentUpTo)
    {
        Delivery delivery = new(new() { CanRead = canRead }, 1, first == 1 ? 0 : maybeSentUpTo);
        Assert.Equal(Send, delivery.On(Batch(first, first)).Kind);
    }

    [Theory]
    [InlineData(null, null, null)]
    [InlineData(4, null, null)]
    [InlineData(4, 0, null)]
    [InlineData(null, 0, null)]
    [InlineData(null, 1, "NumberTaken 1")]
    [InlineData(1, 3, "NumberTaken 3")]
    [InlineData(3, null, "CountsDoNotAddUp 4")]
    [InlineData(5, null, "CountsDoNotAddUp 4")]
    [InlineData(3, 0, "CountsDoNotAddUp 4")]
    [InlineData(-1, 5, "CountsDoNotAddUp 4")]
    [InlineData(int.MaxValue, int.MaxValue, "CountsDoNotAddUp 4")]
    [InlineData(null, 5, "CountsDoNotAddUp 4")]
    public void counts_that_cannot_be_are_an_alarm(int? inserted, int? duplicates, string? alarm)
    {
        DeliveryAction action = In("sending", CannotRead).On(
            new(Answered, 201) { Inserted = inserted, Duplicates = duplicates });
        Assert.Equal(alarm, action.Alarm is null ? null : $"{action.Alarm} {action.AlarmCount}");
        Assert.Equal((Done, 4), Sum(action));
        if (alarm is not null)
            Assert.Equal((1, 4), (action.AlarmFirst, action.AlarmLast));
    }

    [Theory]
    [InlineData(2, null)]
    [InlineData(0, 4)]
    [InlineData(2, 2)]
    public void counts_of_passings_sent_before_are_no_alarm(int? inserted, int? duplicates)
    {
        Delivery delivery = In("waiting", CannotRead);
        delivery.On(new(DelayElapsed));
        Assert.Null(delivery.On(new(Answered, 201) { Inserted = inserted, Duplicates = duplicates }).Alarm);
    }

    [Fact]
    public void an_alarm_asks_sets_the_taken_numbers_aside_and_sends_what_is_missing_after_a_wait()
    {
        Delivery delivery = In("sending");
        DeliveryAction action = delivery.On(new(Answered, 201) { Inserted = 2, Duplicates = 2 });
        Assert.Equal((Ask, DeliveryAlarmKind.NumberTaken), (action.Kind, action.Alarm!.Value));
        Assert.Equal((0, 0), (action.AcknowledgeTo, action.Taken));
        action = delivery.On(Found(Different, Same, Missing, Same));
        Assert.Equal((Wait, 2, 2), (action.Kind, action.AcknowledgeTo, action.Taken));
        Assert.Equal([new(1, 0, Delivery.TakenWords)], action.SetAside!);
        action = delivery.On(new(DelayElapsed));
        Assert.Equal((Send, 3, 3), (action.Kind, action.First, action.Last));
        Assert.Equal((Done, 4), Sum(delivery.On(new(Answered, 201) { Inserted = 0, Duplicates = 1 })));
    }

    [Theory]
    [InlineData(0, 5)]
    [InlineData(503, 5)]
    [InlineData(200, 5)]
    [InlineData(403, 1)]
    [InlineData(404, 1)]
    public void a_success_that_cannot_be_looked_into_counts_as_success(int status, int questions)
    {
        Delivery delivery = In("sending");
        DeliveryAction action = delivery.On(new(Answered, 201) { Duplicates = 2 });
        int asked = 0;
        while (action.Kind == Ask)
        {
            asked++;
            action = delivery.On(new(QuestionFailed, status));
            if (action.Kind == Wait)
                action = delivery.On(new(DelayElapsed));
        }

        Assert.Equal((Done, 4), Sum(action));
        Assert.Equal(questions, asked);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(77)]
    [InlineData(100)]
    public void a_bad_passing_among_a_hundred_is_found_by_halving(int bad)
    {
        (int requests, List<SetAsidePassing> aside) = Run(
            100, (from, to) => from <= bad && bad <= to ? 400 : 201, out int largestAfter);
        Assert.Equal([new(bad, 400, "No.")], aside);
        Assert.InRange(requests, 8, 16);
        Assert.Equal(100, largestAfter);
    }

    [Fact]
    public void every_passing_of_a_batch_can_be_bad_up_to_the_guard()
    {
        (_, List<SetAsidePassing> aside) = Run(99, (_, _) => 400, out _);
        Assert.Equal(Enumerable.Range(1, 99), aside.Select(a => a.Number));
    }

    [Fact]
    public void a_413_teaches_the_session_a_smaller_piece()
    {
        (int requests, List<SetAsidePassing> aside) = Run(
            100, (from, to) => to - from >= 30 ? 413 : 201, out int after);
        Assert.Empty(aside);
        Assert.Equal((2 + 4, 25), (requests, after)); // 100 and 50 refused, then four times 25.
    }

    [Fact]
    public void one_passing_that_is_too_large_does_not_make_all_pieces_small()
    {
        (_, List<SetAsidePassing> aside) = Run(
            100, (from, to) => from <= 60 && 60 <= to ? 413 : 201, out int largestAfter);
        Assert.Equal([new(60, 413, "No.")], aside);
        Assert.InRange(largestAfter, 25, 100);
    }

    [Fact]
    public void a_server_that_refuses_everything_stops_the_session_and_not_the_race()
    {
        Delivery delivery = new(new() { MaxSetAsideInARow = 3 }, 1);
        DeliveryAction action = delivery.On(Batch(1, 10));
        while (action.Kind == Send)
            action = delivery.On(new(Answered, 400));
        Assert.Equal((Stop, RufusFailure.BadRequest, 3), (action.Kind, action.Failure, action.AcknowledgeTo));
        action = delivery.On(new(Resumed));
        Assert.Equal((Send, 4, 10), (action.Kind, action.First, action.Last));
        Assert.Equal((Done, 10), Sum(delivery.On(new(Answered, 201))));
    }

    [Fact]
    public void a_stop_on_the_last_passing_ends_the_batch_when_resumed()
    {
        Delivery delivery = new(new() { MaxSetAsideInARow = 1 }, 1);
        delivery.On(Batch(1, 1));
        DeliveryAction action = delivery.On(new(Answered, 400));
        Assert.Equal((Stop, 1), Sum(action));
        Assert.Equal(Done, delivery.On(new(Resumed)).Kind);
    }

    [Fact]
    public void a_session_that_is_gone_is_replaced_when_the_host_said_so_and_numbers_go_on()
    {
        Delivery delivery = In("sending", OpensNew);
        Assert.Equal(Open, delivery.On(new(Answered, 404)).Kind);
        Assert.Equal(Wait, delivery.On(new(OpenFailed, 503)).Kind);
        Assert.Equal(Open, delivery.On(new(DelayElapsed)).Kind);
        DeliveryAction action = delivery.On(new(Opened));
        Assert.Equal((Send, 1, 4), (action.Kind, action.First, action.Last));
        action = delivery.On(new(Answered, 201) { Duplicates = 1 });
        Assert.Equal(DeliveryAlarmKind.NumberTaken, action.Alarm); // Nothing was sent to the new one before.
    }

    [Fact]
    public void a_new_session_that_is_gone_at_once_stops_instead_of_opening_more_and_more()
    {
        Delivery delivery = In("opening", OpensNew);
        delivery.On(new(Opened));
        Assert.Equal(Stop, delivery.On(new(Answered, 404)).Kind);
        Assert.Equal(Send, delivery.On(new(Resumed)).Kind);
        Assert.Equal(Open, delivery.On(new(Answered, 404)).Kind);
        delivery.On(new(Opened));
        delivery.On(new(Answered, 201));
        delivery.On(Batch(5, 5));
        Assert.Equal(Open, delivery.On(new(Answered, 404)).Kind);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void duplicates_in_another_session_are_an_alarm_even_when_sent_before_to_the_old_one(bool isNew)
    {
        Delivery delivery = In("sending", CannotRead);
        delivery.On(new(Answered, 404));
        delivery.On(new(Resumed) { IsNewSession = isNew });
        DeliveryAction action = delivery.On(new(Answered, 201) { Inserted = 3, Duplicates = 1 });
        Assert.Equal(isNew ? DeliveryAlarmKind.NumberTaken : null, action.Alarm);
    }

    [Theory]
    [InlineData(400, RufusFailure.SessionGone)]
    [InlineData(404, RufusFailure.SessionGone)]
    [InlineData(403, RufusFailure.KeyRefused)]
    public void a_session_that_cannot_be_replaced_stops(int status, RufusFailure failure)
    {
        DeliveryAction action = In("opening", OpensNew).On(new(OpenFailed, status));
        Assert.Equal((Stop, failure), (action.Kind, action.Failure));
    }

    [Theory]
    [InlineData(400)]
    [InlineData(415)]
    public void a_server_that_takes_no_compression_is_sent_to_without(int status)
    {
        Delivery delivery = new(new() { Compress = true }, 1);
        Assert.True(delivery.On(Batch(1, 4)).Compress);
        DeliveryAction action = delivery.On(new(Answered, status));
        Assert.Equal((Send, 1, 4, false), (action.Kind, action.First, action.Last, action.Compress));
    }

    [Fact]
    public void once_compression_has_worked_a_400_means_a_passing()
    {
        Delivery delivery = new(new() { Compress = true }, 1);
        delivery.On(Batch(1, 4));
        delivery.On(new(Answered, 201));
        delivery.On(Batch(5, 8));
        DeliveryAction action = delivery.On(new(Answered, 400));
        Assert.Equal((Send, 5, 6, true), (action.Kind, action.First, action.Last, action.Compress));
    }

    [Fact]
    public void delivering_allocates_nothing_as_long_as_nothing_is_set_aside()
    {
        Delivery delivery = new(Defaults, 1);
        int next = 1;
        Deliver(10);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Deliver(10_000);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        void Deliver(int batches)
        {
            for (int i = 0; i < batches; i++, next += 500)
            {
                delivery.On(Batch(next, next + 499));
                delivery.On(new(Answered, 503));
                delivery.On(new(DelayElapsed));
                delivery.On(new(Answered, 201) { Inserted = 500, Duplicates = 0 });
            }
        }
    }

    /// <summary>Delivers a batch, then tells the size of the first piece of a next one.</summary>
    static (int Requests, List<SetAsidePassing> Aside) Run(int count, Func<int, int, int> server, out int largestAfter)
    {
        Delivery delivery = new(Defaults, 1);
        List<SetAsidePassing> aside = [];
        int requests = 0;
        DeliveryAction action = delivery.On(Batch(1, count));
        while (action.Kind == Send)
        {
            requests++;
            action = delivery.On(new(Answered, server(action.First, action.Last)) { Words = "No." });
            aside.AddRange(action.SetAside ?? []);
        }

        Assert.Equal((Done, count), Sum(action));
        DeliveryAction next = delivery.On(Batch(count + 1, count + 100));
        largestAfter = next.Last - next.First + 1;
        return (requests, aside);
    }

    static (DeliveryActionKind Kind, int AcknowledgeTo) Sum(DeliveryAction action) =>
        (action.Kind, action.AcknowledgeTo);

    static DeliveryEvent Batch(int first, int last) => new(BatchReady) { First = first, Last = last };

    static DeliveryEvent Found(params NumberState[] states) => new(Compared) { Found = states };

    static Delivery In(string state, UploadOptions? options = null, int last = 4)
    {
        options ??= state.Contains("open", StringComparison.Ordinal) ? OpensNew : Defaults;
        Delivery delivery = new(options, 1);
        DeliveryEvent[] way = state switch
        {
            "sending" => [Batch(1, last)],
            "waiting" => [Batch(1, last), new(Answered, 503)],
            "asking" => [Batch(1, last), new(FailedMaybeSent), new(DelayElapsed)],
            "opening" => [Batch(1, last), new(Answered, 404)],
            _ => throw new ArgumentException(state, nameof(state)),
        };
        foreach (DeliveryEvent e in way)
            delivery.On(e);
        return delivery;
    }
}
