using System.Text.Json;

namespace RufusIngest.Tool.Probe;

/// <summary>
/// Finds how many passings fit a request, in a session of its own: doubles until one is refused, then halves the gap.
/// Where repeats are known and counted as duplicates, the requests repeat each other, so that little is stored.
/// </summary>
sealed class BatchExperiments(ProbeSubject subject, DuplicateExperiments duplicates, int most)
{
    const int FirstSize = 1_000;

    ProbeAnswer? _refusal;
    int _accepted;
    int _first;
    int _sent;
    int _lastNumber;

    public IEnumerable<Experiment> All =>
    [
        new("passings per POST", $"1,000, doubled up to {most:N0}, then halving the gap", SizeAsync),
        new("too many passings", "the first request that was too large", TooManyAsync),
    ];

    async Task<Finding> SizeAsync(CancellationToken cancellation)
    {
        string session = await subject.SecondSessionAsync(cancellation).ConfigureAwait(false);
        try
        {
            int refused = await DoubleAsync(session, cancellation).ConfigureAwait(false);
            if (refused == 0)
            {
                return new(
                    await SeenAsync(session, cancellation).ConfigureAwait(false), $"{_accepted:N0} or more",
                    profile => profile with { PassingsPerPostTried = _accepted });
            }

            await HalveAsync(session, refused, cancellation).ConfigureAwait(false);
            string seen = await SeenAsync(session, cancellation).ConfigureAwait(false);
            return new(
                $"{seen}, {_accepted + 1:N0}: {_refusal!.Words}", $"{_accepted:N0}",
                profile => profile with { MaxPassingsPerPost = _accepted, PassingsPerPostTried = _accepted });
        }
        catch (NoResultException e) when (_accepted > 0)
        {
            return new(
                $"{_accepted:N0} taken, then {e.Message}", null,
                profile => profile with { PassingsPerPostTried = _accepted });
        }
    }

    Task<Finding> TooManyAsync(CancellationToken cancellation) => Task.FromResult(
        _refusal is null ? new Finding($"{_accepted:N0} were taken")
        : Finding.Status(_refusal, profile => profile with { TooManyStatus = _refusal.Status }));

    /// <summary>The first size that is refused; 0 when none is.</summary>
    async Task<int> DoubleAsync(string session, CancellationToken cancellation)
    {
        if (!await IsTakenAsync(session, 1, cancellation).ConfigureAwait(false))
            throw new NoResultException($"a single passing was refused: {_refusal!.Words}");
        for (int size = Math.Min(FirstSize, most); _accepted < most; size = Math.Min(size * 2, most))
        {
            if (await IsTakenAsync(session, size, cancellation).ConfigureAwait(false))
                continue;

            // Refused for its size, or would anything be refused by now?
            await subject.RequireInsertAsync(session, cancellation, subject.Item(subject.NextNumber()))
                .ConfigureAwait(false);
            return size;
        }

        return 0;
    }

    async Task HalveAsync(string session, int refused, CancellationToken cancellation)
    {
        // A limit is likely to be the round number that was just taken: that ends it with one small step.
        int size = _accepted + 1;
        while (refused - _accepted > 1)
        {
            if (!await IsTakenAsync(session, size, cancellation).ConfigureAwait(false))
                refused = size;
            size = _accepted + ((refused - _accepted) / 2);
        }
    }

    async Task<bool> IsTakenAsync(string session, int size, CancellationToken cancellation)
    {
        if (_sent == 0 || !duplicates.AreCounted || _refusal is { IsSuccess: true })
            (_first, _sent) = (subject.NextNumbers(most), 0);
        int fresh = size - _sent; // Never sent before: a repeat can explain the others alone.
        ProbeAnswer answer = await subject.InsertAsync(
            session, cancellation, Enumerable.Range(_first, size).Select(number => subject.Item(number)))
            .ConfigureAwait(false);
        _sent = Math.Max(_sent, size);
        int? stored = answer.Inserted + (duplicates.AreCounted ? answer.Duplicates : 0);
        if (answer.IsSuccess && (answer.IsRepeat || stored is null || (stored == size && answer.Inserted >= fresh)))
        {
            _accepted = size;
            _lastNumber = _first + size - 1;
            return true;
        }

        if (_refusal is not null && _refusal.Status != answer.Status)
            throw new NoResultException($"{size:N0}: {answer.Words}, where more gave {_refusal.Words}");
        _refusal = answer.IsSuccess
            ? answer with { Words = $"{answer.Words}, but {answer.Inserted:N0} of {size:N0} stored" }
            : answer;
        return false;
    }

    async Task<string> SeenAsync(string session, CancellationToken cancellation)
    {
        string seen = $"{_accepted:N0} taken";
        if (!subject.CanRead)
            return seen;
        List<JsonElement> rows = await subject.ReadAsync(
            session, $"first={_lastNumber - 2}&last={_lastNumber + 2}", cancellation).ConfigureAwait(false);
        return rows.Any(row => ProbeSubject.NumberOf(row) == _lastNumber)
            ? seen
            : seen + " (the last of them does not read back)";
    }
}
