using System.Globalization;
using System.Text.Json;
using RufusIngest.Cloud;

namespace RufusIngest.Tool.Probe;

/// <summary>Reads what was inserted: ranges, paging, the feed, and listings whose paths are not documented.</summary>
sealed class ReadingExperiments(ProbeSubject subject)
{
    public IEnumerable<Experiment> All =>
    [
        new("range", "three passings in a row by first and last", RangeAsync, NeedsReading: true),
        new("pagination", "in the passings of a session, and GET /devices", PaginationAsync, NeedsReading: true),
        new("feed", "GET /passings/device2/…", FeedAsync, NeedsReading: true),
        new("device without range", "GET /passings/device/… without from and to", DeviceAsync, NeedsReading: true),
        new("list of events", "GET /events", EventsAsync, NeedsReading: true),
    ];

    async Task<Finding> RangeAsync(CancellationToken cancellation)
    {
        int first = subject.NextNumbers(5) + 1;
        for (int number = first - 1; number <= first + 3; number++)
        {
            await subject.RequireInsertAsync(subject.Session, cancellation, subject.Item(number)).ConfigureAwait(false);
        }

        for (int number = first - 1; number <= first + 3; number++)
            await subject.ReadBackAsync(number, cancellation).ConfigureAwait(false);
        List<JsonElement> rows = await subject.ReadAsync(
            subject.Session, $"first={first}&last={first + 2}", cancellation).ConfigureAwait(false);
        int[] numbers = [.. rows.Select(ProbeSubject.NumberOf).OfType<int>().Order()];
        string seen = numbers.Length > 9 ? $"{numbers.Length} passings" : string.Join(", ", numbers);
        return Finding.YesNo(
            numbers.SequenceEqual(Enumerable.Range(first, 3)),
            $"{first} to {first + 2} gave {(numbers.Length == 0 ? "nothing" : seen)}",
            (profile, yes) => profile with { RangeIsInclusive = yes });
    }

    async Task<Finding> PaginationAsync(CancellationToken cancellation)
    {
        ProbeAnswer passings = await GetAsync(
            "passings/session/" + ProbeSubject.Segment(subject.Session), cancellation).ConfigureAwait(false);
        if (!passings.IsSuccess || passings.Root.ValueKind != JsonValueKind.Object)
            return new(passings.Words);
        ProbeAnswer devices = await GetAsync("devices", cancellation).ConfigureAwait(false);
        return Finding.YesNo(
            passings.Has("pagination"),
            $"passings: {Has(passings)}; devices: {(devices.IsSuccess ? Has(devices) : devices.Words)}",
            (profile, yes) => profile with { Pagination = yes });
    }

    static string Has(ProbeAnswer answer) => answer.Has("pagination") ? "there" : "not there";

    async Task<Finding> FeedAsync(CancellationToken cancellation)
    {
        ProbeAnswer answer = await GetAsync(
            $"passings/device2/{ProbeSubject.Segment(subject.DeviceId)}", cancellation).ConfigureAwait(false);
        bool? there = answer.IsSuccess ? answer.Has("passings") || answer.Has("session_used")
            : answer.Status is 403 or 404 or 405 ? false
            : null;
        return Finding.YesNo(there, answer.Words, (profile, yes) => profile with { Feed = yes });
    }

    async Task<Finding> DeviceAsync(CancellationToken cancellation)
    {
        ProbeAnswer answer = await GetAsync(
            $"passings/device/{ProbeSubject.Segment(subject.DeviceId)}", cancellation).ConfigureAwait(false);
        return answer.IsSuccess
            ? new($"{answer.Words}, {answer.List("result").Count} passings", "answered")
            : new(answer.Words, answer.Status.ToString(CultureInfo.InvariantCulture));
    }

    async Task<Finding> EventsAsync(CancellationToken cancellation)
    {
        ProbeAnswer answer = await GetAsync("events", cancellation).ConfigureAwait(false);
        return new(answer.Words, answer.IsSuccess ? "there" : answer.Status.ToString(CultureInfo.InvariantCulture));
    }

    Task<ProbeAnswer> GetAsync(string path, CancellationToken cancellation) =>
        subject.Client.SendAsync(HttpMethod.Get, path, null, cancellation);
}
