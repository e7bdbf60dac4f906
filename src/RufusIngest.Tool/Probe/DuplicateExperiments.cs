using System.Text.Json;
using RufusIngest.Cloud;

namespace RufusIngest.Tool.Probe;

/// <summary>Sends passings again, as they were and changed: what makes two of them duplicates.</summary>
sealed class DuplicateExperiments(ProbeSubject subject)
{
    /// <summary>A passing that is stored, and a second one that may be a duplicate of it.</summary>
    sealed record Pair(string Name, int Number, int SecondNumber, int SecondContent, ProbeAnswer Answer)
    {
        /// <summary>Whether the second was stored, by the answer alone; null: it does not say.</summary>
        public bool? StoredByAnswer => Answer switch
        {
            { IsRepeat: true } => null,
            { IsSuccess: false } => false,
            { Inserted: { } inserted } => inserted > 0,
            { Duplicates: { } duplicates } => duplicates == 0,
            _ => null,
        };

        /// <summary>The same by what reads back.</summary>
        public bool? StoredIn(IReadOnlyList<JsonElement> rows)
        {
            int first = Count(rows, Number, Number);
            int second = Count(rows, SecondNumber, SecondContent);
            if (SecondNumber == Number && SecondContent == Number)
                return first == 0 ? null : first > 1;
            return first + second == 0 ? null : first > 0 && second > 0;
        }

        /// <summary>Whether the second took the first one's place.</summary>
        public bool IsReplacedIn(IReadOnlyList<JsonElement> rows) =>
            Count(rows, Number, Number) == 0 && Count(rows, SecondNumber, SecondContent) > 0;

        static int Count(IReadOnlyList<JsonElement> rows, int number, int content) => rows.Count(row =>
            ProbeSubject.NumberOf(row) == number && ProbeAnswer.Text(row, "bib") == ProbeSubject.BibOf(content));
    }

    ProbeAnswer? _first;
    ProbeAnswer? _same;
    int? _stored;

    /// <summary>Whether the same passing again is known to be a duplicate, and answers count it as one.</summary>
    public bool AreCounted { get; private set; }

    public IEnumerable<Experiment> All =>
    [
        new("duplicate key", "the same again; a number with other content; a content with another number", KeyAsync),
        new("all duplicates", "the same passing again", AllDuplicatesAsync),
        new("duplicate_count", "in the answers to both", CountAsync),
    ];

    /// <summary>Closes the main session, so it comes after all that use it.</summary>
    public IEnumerable<Experiment> InAnotherSession =>
    [
        new("duplicates across sessions", "the same number and content in another session", AcrossAsync),
    ];

    async Task<Finding> KeyAsync(CancellationToken cancellation)
    {
        int same = subject.NextNumber();
        int number = subject.NextNumbers(2);
        int content = subject.NextNumbers(2);
        Pair[] pairs =
        [
            await SendAsync("same", same, same, same, cancellation).ConfigureAwait(false),
            await SendAsync("other content", number, number, number + 1, cancellation).ConfigureAwait(false),
            await SendAsync("other number", content, content + 1, content, cancellation).ConfigureAwait(false),
        ];
        _same = pairs[0].Answer;
        _stored = same;
        bool?[] stored = [.. pairs.Select(pair => pair.StoredByAnswer)];
        string seen = "";
        if (subject.CanRead)
        {
            List<JsonElement> rows = await subject.ReadUntilAsync(
                rows => pairs.All(pair => pair.StoredIn(rows) is { } read && read == (pair.StoredByAnswer ?? read)),
                cancellation).ConfigureAwait(false);
            bool?[] readBack = [.. pairs.Select(pair => pair.StoredIn(rows))];
            if (stored.Zip(readBack).Any(both => both is { First: { } a, Second: { } b } && a != b))
                seen += "; the answers say otherwise than what reads back";
            if (pairs.Any(pair => pair.IsReplacedIn(rows)))
                seen += "; the later one replaces the earlier";
            stored = readBack;
        }

        seen = string.Join(", ", pairs.Zip(stored, (pair, was) => $"{pair.Name}: {Words(was)}")) + seen;
        DuplicateKey? key = KeyOf(stored);
        AreCounted = key is not (null or DuplicateKey.None) && _same is { IsSuccess: true, Inserted: 0, Duplicates: 1 };
        return new(seen, key?.ToString(), profile => profile with { DuplicateKey = key });
    }

    static string Words(bool? stored) => stored switch
    {
        true => "stored",
        false => "not stored",
        null => "not known",
    };

    static DuplicateKey? KeyOf(bool?[] stored) => stored switch
    {
        [false, false, true] => DuplicateKey.Number,
        [false, true, false] => DuplicateKey.Content,
        [false, true, true] => DuplicateKey.NumberAndContent,
        [false, false, false] => DuplicateKey.NumberOrContent,
        [true, true, true] => DuplicateKey.None,
        _ => null,
    };

    async Task<Pair> SendAsync(
        string name, int number, int secondNumber, int secondContent, CancellationToken cancellation)
    {
        ProbeAnswer first = await subject.InsertAsync(subject.Session, cancellation, subject.Item(number))
            .ConfigureAwait(false);
        if (!first.IsSuccess)
            throw new NoResultException($"an ordinary passing was refused: {first.Words}");
        _first ??= first;
        ProbeAnswer second = await subject.InsertAsync(
            subject.Session, cancellation, subject.Item(secondNumber, secondContent)).ConfigureAwait(false);
        return new(name, number, secondNumber, secondContent, second);
    }

    Task<Finding> AllDuplicatesAsync(CancellationToken cancellation) => Task.FromResult(_same is { } same
        ? Finding.Status(same, profile => profile with { AllDuplicatesStatus = same.Status })
        : new("nothing was sent again"));

    Task<Finding> CountAsync(CancellationToken cancellation)
    {
        ProbeAnswer[] answers = [.. new[] { _first, _same }.OfType<ProbeAnswer>()
            .Where(answer => answer.IsSuccess && answer.Root.ValueKind == JsonValueKind.Object)];
        bool? has = answers.Length == 0 ? null : answers.Any(answer => answer.Has("duplicate_count"));
        string seen = answers.Length == 0
            ? "no answer with members"
            : string.Join(", then ", answers.Select(answer =>
                $"inserted_count {Number(answer.Inserted)}, duplicate_count {Number(answer.Duplicates)}"));
        return Task.FromResult(Finding.YesNo(has, seen, (profile, yes) => profile with { DuplicateCount = yes }));
    }

    static string Number(int? count) => count is { } number ? $"{number}" : "absent";

    async Task<Finding> AcrossAsync(CancellationToken cancellation)
    {
        int number = _stored ?? throw new NoResultException("nothing was stored to send again");
        string session = await subject.SecondSessionAsync(cancellation).ConfigureAwait(false);
        ProbeAnswer answer = await subject.InsertAsync(session, cancellation, subject.Item(number))
            .ConfigureAwait(false);
        if (subject.CanRead)
        {
            List<JsonElement> rows = await subject.ReadAsync(session, "", cancellation).ConfigureAwait(false);
            return new(answer.Words, rows.Count > 0 ? "stored" : "not stored");
        }

        Pair pair = new("", number, number, number, answer);
        return new(answer.Words, pair.StoredByAnswer is { } stored ? Words(stored) : null);
    }
}
