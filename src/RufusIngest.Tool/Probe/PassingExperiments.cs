using System.Text.Json;
using RufusIngest.Cloud;

namespace RufusIngest.Tool.Probe;

/// <summary>Inserts passings one at a time: which members are taken and kept.</summary>
sealed class PassingExperiments(ProbeSubject subject)
{
    public IEnumerable<Experiment> All =>
    [
        new("insert", "POST /passings with a passing", InsertAsync),
        new("chip", "a passing with chip, read back", token => ChipAsync(
            "chip", (profile, yes) => profile with { ChipMember = yes }, token)),
        new("chips", "a passing with chips, read back", token => ChipAsync(
            "chips", (profile, yes) => profile with { ChipsMember = yes }, token)),
        new("unknown member", "a passing with a member x_probe", token => TakenAsync(
            number => subject.Item(number, more: ",\"x_probe\":\"x\""),
            (profile, yes) => profile with { UnknownMembers = yes }, token)),
        new("empty bib", "a passing with bib \"\"", token => TakenAsync(
            number => subject.Item(number, bib: ""), (profile, yes) => profile with { EmptyBib = yes }, token)),
        new("coordinates as text", "latitude \"40.5\", longitude \"-3.25\"", token => CoordinatesAsync(
            ",\"latitude\":\"40.5\",\"longitude\":\"-3.25\"",
            (profile, yes) => profile with { CoordinatesAsText = yes }, token)),
        new("coordinates as numbers", "latitude 40.5, longitude -3.25", token => CoordinatesAsync(
            ",\"latitude\":40.5,\"longitude\":-3.25",
            (profile, yes) => profile with { CoordinatesAsNumber = yes }, token)),
        new("invalid passing", "a batch of three, the second with timestamp \"noon\"", InvalidAsync),
    ];

    async Task<Finding> InsertAsync(CancellationToken cancellation)
    {
        ProbeAnswer answer = await subject.InsertAsync(
            subject.Session, cancellation, subject.Item(subject.NextNumber())).ConfigureAwait(false);
        return !answer.IsSuccess ? new($"an ordinary passing was refused: {answer.Words}")
            : answer.IsRepeat ? new($"{answer.Words}, sent more than once")
            : Finding.Status(answer, profile => profile with { InsertStatus = answer.Status });
    }

    async Task<Finding> TakenAsync(
        Func<int, string> item, Func<CloudProfile, bool?, CloudProfile> into, CancellationToken cancellation)
    {
        ProbeAnswer answer = await subject.InsertAsync(subject.Session, cancellation, item(subject.NextNumber()))
            .ConfigureAwait(false);
        bool taken = await IsTakenAsync(answer, cancellation).ConfigureAwait(false);
        return Finding.YesNo(taken, answer.Words, into);
    }

    async Task<Finding> ChipAsync(
        string member, Func<CloudProfile, bool?, CloudProfile> into, CancellationToken cancellation)
    {
        const string Chip = "3500A1B2C3D4";
        int number = subject.NextNumber();
        ProbeAnswer answer = await subject.InsertAsync(
            subject.Session, cancellation, subject.Item(number, more: $",\"{member}\":\"{Chip}\""))
            .ConfigureAwait(false);
        if (!await IsTakenAsync(answer, cancellation).ConfigureAwait(false))
            return Finding.YesNo(false, answer.Words, into);
        if (!subject.CanRead)
            return new($"{answer.Words}; {Finding.NeedsReading}");
        JsonElement row = await subject.ReadBackAsync(number, cancellation).ConfigureAwait(false);
        string? kept = ProbeAnswer.Text(row, "chip") ?? ProbeAnswer.Text(row, "chips");
        return Finding.YesNo(kept == Chip, $"{answer.Words}, reads back as {kept ?? "null"}", into);
    }

    async Task<Finding> CoordinatesAsync(
        string more, Func<CloudProfile, bool?, CloudProfile> into, CancellationToken cancellation)
    {
        int number = subject.NextNumber();
        ProbeAnswer answer = await subject.InsertAsync(
            subject.Session, cancellation, subject.Item(number, more: more)).ConfigureAwait(false);
        bool taken = await IsTakenAsync(answer, cancellation).ConfigureAwait(false);
        if (!taken || !subject.CanRead)
            return Finding.YesNo(taken, answer.Words, into);
        JsonElement row = await subject.ReadBackAsync(number, cancellation).ConfigureAwait(false);
        string kept = row.TryGetProperty("latitude", out JsonElement latitude) ? latitude.GetRawText() : "nothing";
        bool isKept = ProbeAnswer.Text(row, "latitude") is { Length: > 0 };
        return Finding.YesNo(isKept, $"{answer.Words}, latitude reads back as {kept}", into);
    }

    /// <summary>
    /// Whether the server took a passing. That it refused counts only when it goes on taking ordinary ones.
    /// </summary>
    async Task<bool> IsTakenAsync(ProbeAnswer answer, CancellationToken cancellation)
    {
        if (ProbeSubject.IsTaken(answer) || (answer.IsSuccess && answer.IsRepeat))
            return true;
        await subject.RequireInsertAsync(subject.Session, cancellation, subject.Item(subject.NextNumber()))
            .ConfigureAwait(false);
        return false;
    }

    async Task<Finding> InvalidAsync(CancellationToken cancellation)
    {
        int control = subject.NextNumbers(3);
        ProbeAnswer three = await subject.InsertAsync(
            subject.Session, cancellation, [.. Enumerable.Range(control, 3).Select(number => subject.Item(number))])
            .ConfigureAwait(false);
        if (!ProbeSubject.IsTaken(three))
            return new($"three good passings in one request are refused: {three.Words}");
        int first = subject.NextNumbers(3);
        string[] good = [subject.Item(first), subject.Item(first + 2)];
        ProbeAnswer answer = await subject.Client.TrySendAsync(
            HttpMethod.Post, "passings",
            ProbeSubject.Body(subject.Session, good[0], subject.Item(first + 1, time: "noon"), good[1]),
            cancellation).ConfigureAwait(false);
        if (answer.Status == 0)
            throw new NoResultException(answer.Failure!);
        InvalidPassingRule? rule = subject.CanRead
            ? await RuleReadBackAsync(first, answer, cancellation).ConfigureAwait(false)
            : await RuleOfCountsAsync(good, answer, cancellation).ConfigureAwait(false);
        return rule is null
            ? new($"{answer.Words}; what was stored cannot be told")
            : new(answer.Words, rule.ToString(), profile => profile with { InvalidPassing = rule });
    }

    async Task<InvalidPassingRule?> RuleReadBackAsync(int first, ProbeAnswer answer, CancellationToken cancellation)
    {
        List<JsonElement> read = await subject.ReadUntilAsync(
            rows => !answer.IsSuccess || rows.Any(row => ProbeSubject.NumberOf(row) == first + 2), cancellation)
            .ConfigureAwait(false);
        bool[] stored = [.. Enumerable.Range(first, 3).Select(n => read.Any(row => ProbeSubject.NumberOf(row) == n))];
        bool showsAny = read.Any(row => ProbeSubject.NumberOf(row) == first - 1); // Of the three good ones before.
        return RuleOf(stored, showsAny);
    }

    static InvalidPassingRule? RuleOf(bool[] stored, bool showsOthers) => stored switch
    {
        [true, false, true] => InvalidPassingRule.StoresOthers,
        [true, true, true] => InvalidPassingRule.StoresAll,
        [false, false, false] when showsOthers => InvalidPassingRule.RefusesBatch,
        _ => null,
    };

    /// <summary>Without reading: by the counts, or by those of the good passings sent again.</summary>
    async Task<InvalidPassingRule?> RuleOfCountsAsync(
        string[] good, ProbeAnswer answer, CancellationToken cancellation)
    {
        if (answer is { IsSuccess: true, IsRepeat: false, Inserted: { } inserted })
        {
            return inserted switch
            {
                0 => InvalidPassingRule.RefusesBatch,
                2 => InvalidPassingRule.StoresOthers,
                3 => InvalidPassingRule.StoresAll,
                _ => null,
            };
        }

        if (answer.IsSuccess)
            return null;
        ProbeAnswer again = await subject.InsertAsync(subject.Session, cancellation, good).ConfigureAwait(false);
        return again switch
        {
            { IsSuccess: true, IsRepeat: false, Inserted: 2 } => InvalidPassingRule.RefusesBatch,
            { IsSuccess: true, IsRepeat: false, Inserted: 0 } => InvalidPassingRule.StoresOthers,
            _ => null,
        };
    }
}
