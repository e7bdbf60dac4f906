using System.Globalization;
using System.IO.Compression;
using System.Text;
using RufusIngest.Cloud;
using RufusIngest.Server;

namespace RufusIngest.Tests.Support;

/// <summary>
/// The server of a simulated race: the venue server's own parser and sessions behind statuses that the plan draws.
/// Bodies come as the bytes they are on the wire.
/// </summary>
sealed class RaceServer(SimulatedRace race)
{
    static readonly PassingsParser s_parser = new(new VenueRules(new VenueServerOptions()));

    [ThreadStatic]
    static PassingsBatch? t_batch;

    readonly Dictionary<string, (TimingSession Session, string Location, int Local)> _sessions = [];
    readonly RacePlan _plan = race.Plan;
    bool _refusesKey;

    /// <summary>What it has, whichever of its sessions holds it.</summary>
    public Dictionary<(string Location, int Session, int Number), RacePassing> Stored { get; } = [];

    /// <summary>Parses a body as the venue server does. Valid until the thread parses the next one.</summary>
    public static PassingsBatch Parse(ReadOnlySpan<byte> body)
    {
        PassingsBatch batch = t_batch ??= new();
        batch.Body.Set(body);
        return s_parser.TryParse(batch) ? batch : throw new FormatException(batch.Error);
    }

    public void ScheduleTrouble()
    {
        if (_plan.ClosesSessionsAt > 0)
            race.Clock.After(_plan.ClosesSessionsAt, CloseSessions);
        if (_plan.RefusesKeyAt == 0)
            return;
        race.Clock.After(_plan.RefusesKeyAt, () => _refusesKey = true);
        race.Clock.After(Math.Min(_plan.RefusesKeyAt + 8, _plan.CalmAfter), () => _refusesKey = false);
    }

    public string Open(string location, int session)
    {
        string token = string.Create(CultureInfo.InvariantCulture, $"token-{_sessions.Count + 1}");
        _sessions.Add(token, (new TimingSession(token, "device", null, 0), location, session));
        race.Trace.Add($"server opens {token} for {location}/{session}");
        return token;
    }

    /// <summary>Takes a POST of passings.</summary>
    public CloudAnswer Post(byte[] body, bool isGzip)
    {
        if (_refusesKey)
            return Answer(403, """{"description":"Invalid key"}""");
        if (body.Length > _plan.MaxBody)
            return Answer(413, "");
        if (isGzip && !_plan.TakesGzip)
            return Answer(415, "<html>");
        PassingsBatch batch = Parse(isGzip ? Decompress(body) : body);
        if (!_sessions.TryGetValue(batch.TokenText(), out var at))
            return Answer(404, """{"description":"Session not found or closed"}""");
        if (_plan.RefusedChip is { } chip && batch.Body.Bytes.IndexOf(Encoding.UTF8.GetBytes(chip)) >= 0)
            return Answer(400, """{"description":"No such participant"}""");
        InsertResult result = at.Session.Insert(batch);
        if (result.Status == InsertStatus.Closed)
            return Answer(400, """{"description":"Session not found or closed"}""");
        if (result.Conflicts > 0)
            race.Fail("the server has another passing under a number that it was sent");
        foreach ((int number, RacePassing passing) in RacePassing.Of(batch))
        {
            if (!Stored.TryAdd((at.Location, at.Local, number), passing)
                && Stored[(at.Location, at.Local, number)] != passing)
                race.Fail($"number {number} of {at.Location}/{at.Local} came with {passing} after another one");
        }

        race.Trace.Add($"server takes {result.Inserted} of {batch.Count} for {at.Location}/{at.Local}");
        return Answer(200, _plan.OmitsCounts
            ? """{"body":{"description":"Success"}}"""
            : $$"""{"inserted_count":{{result.Inserted}},"duplicate_count":{{result.Duplicates}}}""");
    }

    /// <summary>Answers a question; the status, and what it has when that is 200.</summary>
    public (int Status, List<CloudPassing> Found) Ask(string token, int first, int last)
    {
        if (!_plan.KeyMayRead || _refusesKey)
            return (403, []);
        if (!_sessions.TryGetValue(token, out var at) || at.Session.Info().Passings == 0)
            return (404, []);
        (long from, long to) = _plan.IgnoresRange ? (0, long.MaxValue) : (first, last);
        StoredPassing[] rows = new StoredPassing[at.Session.Info().Passings];
        (int copied, _, byte[][] chunks) = at.Session.Read(PassingRange.All with { First = from, Last = to }, 0, rows);
        List<CloudPassing> found = [];
        foreach (StoredPassing row in rows.AsSpan(0, copied))
        {
            TextSlices texts = row.Texts(chunks, out ReadOnlySpan<byte> bytes);
            found.Add(new CloudPassing
            {
                Number = (int)row.Number,
                Bib = Encoding.UTF8.GetString(texts[PassingText.Bib].In(bytes)),
                Chip = Encoding.UTF8.GetString(texts[PassingText.Chip].In(bytes)),
                Timestamp = DateTimeOffset.FromUnixTimeMilliseconds(row.TimeMs),
            });
        }

        return (200, found);
    }

    /// <summary>An answer as it comes out of the library's own reading of it.</summary>
    public static CloudAnswer Answer(int status, string body, int? retryAfter = null)
    {
        using HttpResponseMessage response = new((System.Net.HttpStatusCode)status)
        {
            Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)),
        };
        if (retryAfter is { } seconds)
            response.Headers.RetryAfter = new(TimeSpan.FromSeconds(seconds));
        Task<CloudAnswer> answer = CloudAnswer.ReadAsync(response, 100_000, TimeProvider.System, default);
        return answer.IsCompletedSuccessfully ? answer.Result : throw new InvalidOperationException("It waits.");
    }

    void CloseSessions()
    {
        race.Trace.Add("server closes its sessions");
        foreach (var at in _sessions.Values)
            at.Session.Close();
    }

    public static byte[] Decompress(byte[] body)
    {
        using GZipStream gzip = new(new MemoryStream(body), CompressionMode.Decompress);
        using MemoryStream plain = new();
        gzip.CopyTo(plain);
        return plain.ToArray();
    }
}

/// <summary>What a number stands for.</summary>
readonly record struct RacePassing(long TimeMs, string Bib, string Chip)
{
    public static List<(int Number, RacePassing Passing)> Of(PassingsBatch batch)
    {
        List<(int Number, RacePassing Passing)> list = new(batch.Count);
        for (int i = 0; i < batch.Count; i++)
        {
            ParsedPassing row = batch[i];
            string bib = Encoding.UTF8.GetString(row.Texts[PassingText.Bib].In(batch.Body.Bytes));
            string chip = Encoding.UTF8.GetString(row.Texts[PassingText.Chip].In(batch.Body.Bytes));
            list.Add(((int)row.Number, new RacePassing(row.TimeMs, bib, chip)));
        }

        return list;
    }

    /// <summary>The passings of JSON objects with commas between them.</summary>
    public static List<(int Number, RacePassing Passing)> Of(ReadOnlyMemory<byte> items) =>
        Of(RaceServer.Parse([.. PassingsContent.MakePrefix("any"), .. items.Span, .. "]}"u8]));
}
