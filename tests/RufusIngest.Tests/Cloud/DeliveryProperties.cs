using CsCheck;
using RufusIngest.Cloud;
using RufusIngest.Passings;
using static RufusIngest.Cloud.DeliveryActionKind;

namespace RufusIngest.Tests.Cloud;

/// <summary>Delivery against a server and a network that do anything, without clock and shell.</summary>
public class DeliveryProperties
{
    static readonly int[] Statuses = [200, 201, 400, 401, 403, 404, 408, 413, 429, 500, 503, 302];

    static readonly Gen<UploadOptions> GenOptions = Gen.Select(
        Gen.Bool.Nullable(), Gen.Bool, Gen.Bool, Gen.Int[1, 5], (canRead, opens, compresses, guard) => new UploadOptions
        {
            CanRead = canRead,
            WhenSessionGone = opens ? SessionGonePolicy.OpenNew : SessionGonePolicy.Hold,
            Compress = compresses,
            MaxSetAsideInARow = guard,
        });

    static readonly Gen<Chance> GenChance = Gen.Select(
        Gen.Int[0, 9], Gen.Int[0, Statuses.Length - 1], Gen.Int[-1, 9].Nullable(), Gen.Int[-1, 9].Nullable(),
        Gen.ULong, Gen.Int[0, 9],
        (way, status, inserted, duplicates, bits, junk) =>
            new Chance(way, Statuses[status], inserted, duplicates, bits, (DeliveryEventKind)junk));

    /// <summary>One throw of the dice for each event.</summary>
    readonly record struct Chance(
        int Way, int Status, int? Inserted, int? Duplicates, ulong Bits, DeliveryEventKind Junk);

    [Fact]
    public void every_number_ends_once_in_order_and_nothing_is_sent_after_its_end() =>
        Gen.Select(Gen.ULong, GenOptions, Gen.Int[0, 12], Gen.Int[1, 9].Array[1, 6], GenChance.Array[0, 80])
            .Sample((seed, options, maybeSent, batches, chances) =>
            {
                Checked delivery = new(new(options, seed, maybeSent));
                Queue<Chance> rest = new(chances);
                int next = 1;
                foreach (int count in batches)
                {
                    delivery.Begin(next, next + count - 1);
                    next += count;
                    while (delivery.Action.Kind != Done)
                        delivery.Step(rest.TryDequeue(out Chance chance) ? chance : null);
                    Assert.Equal(next - 1, delivery.Cursor);
                }

                Assert.Equal(next - 1, delivery.Taken + delivery.Aside.Count);
                Assert.Equal(delivery.Aside.Order().Distinct(), delivery.Aside);
            }, iter: 10_000);

    [Fact]
    public void an_honest_server_behind_a_bad_network_holds_all_at_the_end_and_causes_no_alarm() =>
        Gen.Select(Gen.ULong, Gen.Bool.Nullable(), Gen.Int[1, 30], Gen.Int[0, 11].Array[0, 60])
            .Sample((seed, canRead, count, dice) =>
            {
                HonestServer server = new(dice, canRead ?? (seed & 1) == 0);
                UploadOptions options = new() { CanRead = canRead };
                int cursor = 0;
                for (int start = 0; cursor < count; start++)
                {
                    // Each start knows what a journal knows: the cursor, and what was numbered before.
                    Delivery delivery = new(options, seed + (ulong)start, start == 0 ? 0 : count);
                    cursor = server.Race(delivery, cursor, count);
                }

                Assert.Equal(Enumerable.Range(1, count), server.Stored.Order());
            }, iter: 10_000);

    /// <summary>
    /// Stores each number once and says so truly; requests and answers get lost by the dice, and the sender crashes.
    /// </summary>
    sealed class HonestServer(int[] dice, bool canBeRead)
    {
        readonly Queue<int> _dice = new(dice);

        public HashSet<int> Stored { get; } = [];

        /// <summary>Until all is delivered or the sender crashes: gives the cursor.</summary>
        public int Race(Delivery delivery, int cursor, int count)
        {
            DeliveryAction action = new(Done);
            while (cursor < count || action.Kind != Done)
            {
                int die = _dice.TryDequeue(out int thrown) ? thrown : 0;
                if (die == 11)
                    return cursor;
                action = delivery.On(action.Kind switch
                {
                    Done => new(DeliveryEventKind.BatchReady)
                    {
                        First = cursor + 1,
                        Last = Math.Min(count, cursor + 7),
                    },
                    Send => Post(action, die),
                    Ask => Answer(action, die),
                    _ => new(DeliveryEventKind.DelayElapsed),
                });
                Assert.True(action is { Alarm: null, SetAside: null, Kind: not (Stop or Open or Idle) });
                cursor = Math.Max(cursor, action.AcknowledgeTo);
                Assert.All(Enumerable.Range(1, cursor), number => Assert.Contains(number, Stored));
            }

            return cursor;
        }

        DeliveryEvent Post(DeliveryAction piece, int die)
        {
            if (die is 1)
                return new(DeliveryEventKind.FailedBeforeSending);
            if (die is 2)
                return new(DeliveryEventKind.FailedMaybeSent);
            if (die is 3)
                return new(DeliveryEventKind.Answered, 503);
            if (die is 4 or 5 && piece.Last > piece.First)
                return new(DeliveryEventKind.Answered, 413);
            int count = piece.Last - piece.First + 1;
            int inserted = Enumerable.Range(piece.First, count).Count(Stored.Add);
            return die switch
            {
                6 or 7 => new(DeliveryEventKind.FailedMaybeSent),
                8 => new(DeliveryEventKind.Answered, 500),
                9 => new(DeliveryEventKind.Answered, 200),
                _ => new(DeliveryEventKind.Answered, 201) { Inserted = inserted, Duplicates = count - inserted },
            };
        }

        DeliveryEvent Answer(DeliveryAction question, int die)
        {
            if (!canBeRead)
                return new(DeliveryEventKind.QuestionFailed, 403);
            if (die is > 0 and < 4)
                return new(DeliveryEventKind.QuestionFailed, die == 1 ? 0 : 503);
            return new(DeliveryEventKind.Compared)
            {
                Found = [.. Enumerable.Range(question.First, question.Last - question.First + 1)
                    .Select(number => Stored.Contains(number) ? NumberState.Same : NumberState.Missing)],
            };
        }
    }

    /// <summary>Plays the shell, and holds each action against what went before.</summary>
    sealed class Checked(Delivery delivery)
    {
        readonly HashSet<int> _ended = [];
        int _last;
        int _guard;

        public DeliveryAction Action { get; private set; }

        public int Cursor { get; private set; }

        public int Taken { get; private set; }

        public List<int> Aside { get; } = [];

        public void Begin(int first, int last)
        {
            _last = last;
            Take(new(DeliveryEventKind.BatchReady) { First = first, Last = last });
        }

        /// <summary>By chance; without one, all goes well from now on.</summary>
        public void Step(Chance? chance)
        {
            if (chance is { } dice && !BelongsTo(Action.Kind, dice.Junk))
                Assert.Equal(default, delivery.On(new(dice.Junk, dice.Status) { First = 1, Last = 9 }));
            Assert.True(chance is not null || _guard++ < 200, "It never ends.");
            Take(Action.Kind switch
            {
                Send => chance is { } c ? Posted(c) : new(DeliveryEventKind.Answered, 201),
                Ask => chance is { } c ? Asked(c) : Compared(0),
                Open => chance is { Way: > 5 } c ? new(DeliveryEventKind.OpenFailed, c.Status)
                    : new(DeliveryEventKind.Opened),
                Wait => new(DeliveryEventKind.DelayElapsed),
                _ => new(DeliveryEventKind.Resumed) { IsNewSession = chance is { Way: > 5 } },
            });
        }

        /// <summary>Whether an event can be the outcome of an action. Others must change nothing.</summary>
        static bool BelongsTo(DeliveryActionKind action, DeliveryEventKind e) => e switch
        {
            DeliveryEventKind.Answered or DeliveryEventKind.FailedBeforeSending
                or DeliveryEventKind.FailedMaybeSent => action == Send,
            DeliveryEventKind.Compared or DeliveryEventKind.QuestionFailed => action == Ask,
            DeliveryEventKind.Opened or DeliveryEventKind.OpenFailed => action == Open,
            DeliveryEventKind.DelayElapsed => action == Wait,
            DeliveryEventKind.Resumed => action == Stop,
            _ => action is Idle or Done,
        };

        static DeliveryEvent Posted(Chance c) => c.Way switch
        {
            0 => new(DeliveryEventKind.FailedBeforeSending),
            1 or 2 => new(DeliveryEventKind.FailedMaybeSent),
            _ => new(DeliveryEventKind.Answered, c.Status) { Inserted = c.Inserted, Duplicates = c.Duplicates },
        };

        DeliveryEvent Asked(Chance c) =>
            c.Way < 4 ? new(DeliveryEventKind.QuestionFailed, c.Status) : Compared(c.Bits);

        DeliveryEvent Compared(ulong bits) => new(DeliveryEventKind.Compared)
        {
            Found = [.. Enumerable.Range(0, Action.Last - Action.First + 1)
                .Select(i => (NumberState)(((bits >> (2 * i)) & 3) % 3))],
        };

        void Take(DeliveryEvent e)
        {
            (int from, int to) = (Action.First, Action.Last);
            Action = delivery.On(e);
            Taken += Action.Taken;
            for (int number = from; number <= to; number++)
            {
                bool isEnded = e.Found is { } found ? found[number - from] != NumberState.Missing : Action.Taken > 0;
                Assert.True(!isEnded || _ended.Add(number), $"{number} ended twice.");
            }

            if (Action.Kind is Send or Ask)
                Assert.DoesNotContain(Enumerable.Range(Action.First, Action.Last - Action.First + 1), _ended.Contains);
            foreach (SetAsidePassing passing in Action.SetAside ?? [])
            {
                Assert.InRange(passing.Number, Cursor + 1, Action.AcknowledgeTo);
                Aside.Add(passing.Number);
                _ended.Add(passing.Number);
            }

            if (Action.AcknowledgeTo != 0)
            {
                Assert.InRange(Action.AcknowledgeTo, Cursor + 1, _last);
                Cursor = Action.AcknowledgeTo;
            }

            if (Action.Kind is Send or Ask)
                Assert.True(Cursor < Action.First && Action.First <= Action.Last && Action.Last <= _last);
            if (Action.Kind == Wait)
                Assert.InRange(Action.Delay, TimeSpan.FromSeconds(0.25), TimeSpan.FromMinutes(10));
            Assert.NotEqual(Idle, Action.Kind);
        }
    }
}
