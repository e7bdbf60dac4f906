using System.Runtime.CompilerServices;
using RufusIngest.Cloud;
using static RufusIngest.Cloud.DeliveryEventKind;
using static RufusIngest.Cloud.NumberState;
using Row = (
    RufusIngest.Cloud.UploadOptions Options, RufusIngest.Cloud.DeliveryEvent[] Way,
    RufusIngest.Cloud.DeliveryEvent[] Events);

namespace RufusIngest.Tests.Cloud;

/// <summary>Holds docs/delivery.md and the code against each other, row by row.</summary>
public class DeliveryTableTests
{
    const string GoneWords = "Session not found or closed";

    static readonly UploadOptions Plain = new() { MaxSetAsideInARow = 2 };
    static readonly UploadOptions WritesOnly = new() { CanRead = false };
    static readonly UploadOptions OpensNew = new() { WhenSessionGone = SessionGonePolicy.OpenNew };
    static readonly UploadOptions Compresses = new() { Compress = true };

    static readonly DeliveryEvent Batch = new(BatchReady) { First = 1, Last = 4 };
    static readonly DeliveryEvent One = new(BatchReady) { First = 1, Last = 1 };
    static readonly DeliveryEvent Odd = new(Answered, 201) { Inserted = 0, Duplicates = 4 };
    static readonly DeliveryEvent Lost = new(FailedMaybeSent);
    static readonly DeliveryEvent Elapsed = new(DelayElapsed);
    static readonly DeliveryEvent[] Ask = [Batch, Lost, Elapsed];
    static readonly DeliveryEvent[] AskOnAlarm = [Batch, Odd];
    static readonly DeliveryEvent[] Open = [Batch, new(Answered, 404)];

    /// <summary>Row of the table: options, the way to the state, and the events that the row stands for.</summary>
    static readonly Dictionary<string, Row> Rows = new()
    {
        ["Empty | batch ready"] = (Plain, [], [Batch]),
        ["Empty | batch ready, maybe sent before the start, first one or something was found of the last, key may read"] = (Plain, [], [Batch]),
        ["Sending | 2xx"] = (Plain, [Batch], Answers(200, 201, 204)),
        ["Sending | 2xx with an alarm, key may read"] = (Plain, [Batch], [Odd, Odd with { Duplicates = 0 }]),
        ["Sending | 2xx with an alarm, key cannot read"] = (WritesOnly, [Batch], [Odd, Odd with { Duplicates = 0 }]),
        ["Sending | 408, 429 or 5xx"] = (Plain, [Batch], Answers(408, 429, 500, 503)),
        ["Sending | 400 on several"] = (Plain, [Batch], Answers(400)),
        ["Sending | 413 on several"] = (Plain, [Batch], Answers(413)),
        ["Sending | 400 or 413 on one"] = (Plain, [One], Answers(400, 413)),
        ["Sending | 400 or 413 on one, the 100th in a row"] =
            (Plain, [One, new(Answered, 400), One with { First = 2, Last = 2 }], Answers(400, 413)),
        ["Sending | 400 or 415, compressed, none taken compressed yet"] = (Compresses, [Batch], Answers(400, 415)),
        ["Sending | 404, or the words \"Session not found or closed\" without a 2xx; policy: hold"] =
            (Plain, [Batch], [new(Answered, 404), new(Answered, 503) { Words = GoneWords }]),
        ["Sending | the same; policy: open new"] =
            (OpensNew, [Batch], [new(Answered, 404), new(Answered, 400) { Words = GoneWords }]),
        ["Sending | the same; policy: open new, but the last new one took nothing"] =
            (OpensNew, [.. Open, new(Opened)], Answers(404)),
        ["Sending | 401 or 403"] = (OpensNew, [Batch], Answers(401, 403)),
        ["Sending | any other answer"] = (OpensNew, [Batch], Answers(302, 409, 422, 415)),
        ["Sending | failed before sending"] = (Plain, [Batch], [new(FailedBeforeSending)]),
        ["Sending | failed, maybe sent, key may read"] = (Plain, [Batch], [Lost]),
        ["Sending | failed, maybe sent, key cannot read"] = (WritesOnly, [Batch], [Lost]),
        ["Waiting to send | delay elapsed"] = (Plain, [Batch, new(Answered, 500)], [Elapsed]),
        ["Waiting to ask | delay elapsed"] = (Plain, [Batch, Lost], [Elapsed]),
        ["Asking | compared: all the same"] = (Plain, Ask, [Found(Same, Same, Same, Same)]),
        ["Asking | compared: some missing"] = (Plain, Ask, [Found(Same, Missing, Same, Missing)]),
        ["Asking | compared: some different"] = (Plain, Ask, [Found(Same, Different, Same, Same)]),
        ["Asking | compared after an alarm: some missing"] = (Plain, AskOnAlarm, [Found(Same, Missing, Same, Same)]),
        ["Asking | 401 or 403"] = (Plain, Ask, Questions(401, 403)),
        ["Asking | 404"] = (Plain, Ask, Questions(404)),
        ["Asking | unclear, failed, or any other answer"] = (Plain, Ask, Questions(200, 0, 500, 400)),
        ["Asking | after an alarm: unclear, no answer, 408, 429 or 5xx"] =
            (Plain, AskOnAlarm, Questions(200, 0, 408, 429, 500)),
        ["Asking | after an alarm: the same for the fifth time"] =
            (Plain, [.. AskOnAlarm, .. Enumerable.Repeat(Questions(0)[0], 4).SelectMany(q => new[] { q, Elapsed })],
                Questions(200, 0, 500)),
        ["Asking | after an alarm: 401, 403 or any other answer"] = (Plain, AskOnAlarm, Questions(401, 403, 404, 400)),
        ["Opening | opened"] = (OpensNew, Open, [new(Opened)]),
        ["Opening | no answer, 408, 429 or 5xx"] = (OpensNew, Open, Opens(0, 408, 429, 503)),
        ["Opening | 2xx without a token"] = (OpensNew, Open, Opens(200, 201)),
        ["Opening | any other answer"] = (OpensNew, Open, Opens(400, 401, 404)),
        ["Waiting to open | delay elapsed"] = (OpensNew, [.. Open, .. Opens(0)], [Elapsed]),
        ["Stopped | resumed"] = (Plain, [Batch, new(Answered, 403)], [new(Resumed)]),
    };

    [Fact]
    public void the_code_does_what_the_table_says()
    {
        Dictionary<string, string> table = ReadTable();
        Assert.Equal(Rows.Keys, table.Keys);
        foreach ((string row, (UploadOptions options, DeliveryEvent[] way, DeliveryEvent[] events)) in Rows)
        {
            foreach (DeliveryEvent e in events)
            {
                Delivery delivery = Along(row, options, way);
                string word = Word(delivery.On(e).Kind);
                if (word == "wait")
                    word += ", " + Word(delivery.On(Elapsed).Kind);
                Assert.True(table[row] == word, $"{row}, {e}: {word} instead of {table[row]}");
            }
        }
    }

    [Fact]
    public void what_the_table_does_not_list_is_idle()
    {
        foreach (var state in Rows.GroupBy(row => row.Key.Split(" | ")[0]))
        {
            DeliveryEventKind[] listed = [.. state.SelectMany(row => row.Value.Events).Select(e => e.Kind)];
            foreach (DeliveryEventKind kind in Enum.GetValues<DeliveryEventKind>().Except(listed))
            {
                (UploadOptions options, DeliveryEvent[] way, _) = state.First().Value;
                Delivery delivery = Along("", options, way);
                Assert.Equal(default, delivery.On(Batch with { Kind = kind }));
            }
        }
    }

    static Delivery Along(string row, UploadOptions options, DeliveryEvent[] way)
    {
        Delivery delivery = new(options, 1, row.Contains("maybe sent before", StringComparison.Ordinal) ? 4 : 0);
        foreach (DeliveryEvent e in way)
            Assert.NotEqual(DeliveryActionKind.Idle, delivery.On(e).Kind);
        return delivery;
    }

    static string Word(DeliveryActionKind kind) => kind.ToString().ToLowerInvariant();

    /// <summary>State and event of each row, and the words in bold that say what follows.</summary>
    static Dictionary<string, string> ReadTable() => File.ReadLines(Document())
        .Where(line => line.StartsWith("| ", StringComparison.Ordinal) && line.Contains("**", StringComparison.Ordinal))
        .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
        .ToDictionary(cells => $"{cells[1]} | {cells[2]}", cells => cells[3].Split("**")[1]);

    static string Document([CallerFilePath] string path = "") =>
        Path.Combine(Path.GetDirectoryName(path)!, "..", "..", "..", "docs", "delivery.md");

    static DeliveryEvent[] Answers(params int[] statuses) => [.. statuses.Select(s => new DeliveryEvent(Answered, s))];

    static DeliveryEvent[] Questions(params int[] statuses) =>
        [.. statuses.Select(s => new DeliveryEvent(QuestionFailed, s))];

    static DeliveryEvent[] Opens(params int[] statuses) => [.. statuses.Select(s => new DeliveryEvent(OpenFailed, s))];

    static DeliveryEvent Found(params NumberState[] states) => new(Compared) { Found = states };
}
