using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;

namespace RufusIngest.Tool.Probe;

/// <summary>
/// The device that is probed: its sessions, the numbers used up so far, and the requests experiments share. Every
/// number is used by one experiment only, and its bib and time belong to no other number.
/// </summary>
sealed class ProbeSubject(ProbeClient client)
{
    public const string Alias = "rufus-ingest probe";
    const int MaxPages = 20;
    const int ReadAttempts = 3;

    readonly DateTimeOffset _start = client.Now.AddHours(-12);
    string? _session;
    string? _second;
    int _number;

    public ProbeClient Client => client;

    public required string DeviceId { get; init; }

    /// <summary>Whether the key may read.</summary>
    public bool CanRead { get; init; }

    /// <summary>The session that most experiments use.</summary>
    public string Session => _session ?? throw new NoResultException("no session could be opened");

    /// <summary>The sessions of this probe that may still take passings.</summary>
    public IEnumerable<string> OpenSessions => new[] { _session, _second }.OfType<string>();

    public int NextNumber() => NextNumbers(1);

    /// <summary>The first of some numbers in a row.</summary>
    public int NextNumbers(int count)
    {
        _number += count;
        return _number - count + 1;
    }

    public async Task<ProbeAnswer> OpenAsync(CancellationToken cancellation)
    {
        string body = $$"""{"deviceid":{{JsonSerializer.Serialize(DeviceId)}},"alias":"{{Alias}}"}""";
        ProbeAnswer answer = await client.SendAsync(HttpMethod.Post, "sessions", body, cancellation)
            .ConfigureAwait(false);
        _session = answer.Text("token_session")
            ?? throw new NoResultException($"no session was opened: {answer.Words}");
        return answer;
    }

    /// <summary>A second session, opened when it is first asked for. That closes the first one.</summary>
    public async Task<string> SecondSessionAsync(CancellationToken cancellation)
    {
        if (_second is null)
        {
            string first = Session;
            await OpenAsync(cancellation).ConfigureAwait(false);
            (_second, _session) = (_session, first);
        }

        return _second!;
    }

    public Task<ProbeAnswer> CloseAsync(string session, CancellationToken cancellation) =>
        client.SendAsync(HttpMethod.Patch, "sessions/close/" + Segment(session), null, cancellation);

    /// <summary>An item with the bib and time of its number, or another number's; more starts with a comma.</summary>
    public string Item(int number, int? contentOf = null, string? bib = null, string? time = null, string more = "")
    {
        int content = contentOf ?? number;
        time ??= _start.AddMilliseconds(content).ToString("yyyy-MM-ddTHH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        return $$"""{"bib":"{{bib ?? BibOf(content)}}","num_passing":{{number}},"timestamp":"{{time}}"{{more}}}""";
    }

    public static string BibOf(int number) => string.Create(CultureInfo.InvariantCulture, $"P{number}");

    public static string Body(string session, params IEnumerable<string> items) =>
        $$"""{"token_session":{{JsonSerializer.Serialize(session)}},"passings_list":[{{string.Join(',', items)}}]}""";

    public Task<ProbeAnswer> InsertAsync(
        string session, CancellationToken cancellation, params IEnumerable<string> items) =>
        client.SendAsync(HttpMethod.Post, "passings", Body(session, items), cancellation);

    /// <summary>Inserts what must be there for an experiment to mean anything.</summary>
    public async Task RequireInsertAsync(
        string session, CancellationToken cancellation, params IEnumerable<string> items)
    {
        ProbeAnswer answer = await InsertAsync(session, cancellation, items).ConfigureAwait(false);
        if (!IsTaken(answer))
            throw new NoResultException($"an ordinary passing was refused: {answer.Words}");
    }

    public static bool IsTaken(ProbeAnswer answer) => answer.IsSuccess && answer.Inserted is not 0;

    /// <summary>A session's passings, or those of a range, as far as 20 pages hold them.</summary>
    public async Task<List<JsonElement>> ReadAsync(string session, string query, CancellationToken cancellation)
    {
        List<JsonElement> read = [];
        for (int page = 1; page <= MaxPages; page++)
        {
            string path = $"passings/session/{Segment(session)}?{query}{(query.Length > 0 ? "&" : "")}page={page}";
            ProbeAnswer answer = await client.SendAsync(HttpMethod.Get, path, null, cancellation).ConfigureAwait(false);
            if (answer.Status == 404)
                break;
            if (!answer.IsSuccess)
                throw new NoResultException($"passings cannot be read back: {answer.Words}");
            IReadOnlyList<JsonElement> result = answer.List("result");
            read.AddRange(result);
            bool more = answer.Root.ValueKind == JsonValueKind.Object
                && answer.Root.TryGetProperty("pagination", out JsonElement paging)
                && paging.ValueKind == JsonValueKind.Object
                && paging.TryGetProperty("has_more", out JsonElement hasMore)
                && hasMore.ValueKind == JsonValueKind.True;
            if (result.Count == 0 || !more)
                break;
        }

        return read;
    }

    /// <summary>
    /// The main session's passings, read again a few times, with pauses, until they show what is expected: a server may
    /// need a moment.
    /// </summary>
    public async Task<List<JsonElement>> ReadUntilAsync(
        Func<List<JsonElement>, bool> shows, CancellationToken cancellation)
    {
        for (int attempt = 1; ; attempt++)
        {
            List<JsonElement> read = await ReadAsync(Session, "", cancellation).ConfigureAwait(false);
            if (shows(read) || attempt == ReadAttempts)
                return read;
            await client.WaitAsync(TimeSpan.FromSeconds(attempt), cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>A passing as it reads back.</summary>
    /// <exception cref="NoResultException">It is not there, or there twice.</exception>
    public async Task<JsonElement> ReadBackAsync(int number, CancellationToken cancellation)
    {
        List<JsonElement> read = await ReadUntilAsync(rows => rows.Any(row => NumberOf(row) == number), cancellation)
            .ConfigureAwait(false);
        JsonElement[] found = [.. read.Where(row => NumberOf(row) == number)];
        return found.Length == 1 ? found[0] : throw new NoResultException($"taken, but {found.Length} of it read back");
    }

    public static int? NumberOf(JsonElement row) => ProbeAnswer.Integer(row, "num_passing");

    public static string Segment(string id) => id is "." or ".."
        ? throw new NoResultException("the server gave an id that is a path")
        : Uri.EscapeDataString(id);

    /// <summary>A text that nobody has seen, with digits and letters where another has them.</summary>
    public static string MadeUpLike(string text)
    {
        int from = text.LastIndexOf('-') + 1;
        bool isHex = text[from..].All(char.IsAsciiHexDigit);
        char[] made = text.ToCharArray();
        for (int i = from; i < made.Length; i++)
        {
            string? alphabet = char.IsAsciiDigit(made[i]) ? "0123456789"
                : char.IsAsciiLetterLower(made[i]) ? (isHex ? "abcdef" : "abcdefghijklmnopqrstuvwxyz")
                : char.IsAsciiLetterUpper(made[i]) ? (isHex ? "ABCDEF" : "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
                : null;
            if (alphabet is not null)
                made[i] = alphabet[RandomNumberGenerator.GetInt32(alphabet.Length)];
        }

        string result = new(made);
        return result != text ? result : text + "0";
    }
}
