using RufusIngest.Readers;

namespace RufusIngest.Tool.Inspect;

/// <summary>What a protocol makes of the front of a stream, and how much that says.</summary>
sealed record ProtocolCandidate
{
    public required StreamTally Tally { get; init; }

    /// <summary>Share of changed bytes that the protocol notices: 1 with a checksum over everything, near 0 for any
    /// text.</summary>
    public required double Strictness { get; init; }

    /// <summary>A changed length loses all frames behind it: that none is lost proves them all.</summary>
    public required bool IsChained { get; init; }

    public string Name => Tally.Protocol.Name;

    /// <summary>The protocol checks what it takes, nearly all of it, and rejects little beside it.</summary>
    public bool IsChecked =>
        Strictness >= ProtocolDetection.CheckedFrom && Tally.Frames >= 5 * (Tally.Rejects + Tally.UnknownControls);

    /// <summary>
    /// Frames that hardly another protocol's bytes would make: all where they are checked or hang together by their
    /// lengths, else reads with a time.
    /// </summary>
    public long StrongFrames =>
        (IsChecked || IsChained) && Tally.Frames * ProtocolDetection.ShortestFrame <= Tally.Bytes ? Tally.Frames : Tally.TimedReads;

    /// <summary>Bytes that had to be as they are for the protocol to take them.</summary>
    public double PinnedBytes => Strictness * Tally.Explained * Tally.Bytes;

    /// <summary>Why it is not certain even where nothing else fits; "" where it is.</summary>
    public string Doubt =>
        Tally.Protocol.IsGeneric ? "it takes rows or objects of many makers"
        : Tally.Explained < ProtocolDetection.LeastExplained ? "too much does not fit"
        : Tally.LeastExplainedPart < ProtocolDetection.LeastExplainedPart ? "a part of it is something else"
        : StrongFrames == 0 ? "nothing in it that only this protocol has"
        : PinnedBytes < LeastPinnedBytes ? "too little of it"
        : "";

    double LeastPinnedBytes => StrongFrames >= ProtocolDetection.ManyFrames
        ? ProtocolDetection.EnoughBytes
        : ProtocolDetection.EnoughBytesOfFew;

    /// <summary>As <see cref="StreamTally.Explained"/>, but no better than the share of good frames.</summary>
    double Fit => Math.Min(
        Tally.Explained, (double)Tally.Frames / Math.Max(1, Tally.Frames + Tally.Rejects + Tally.UnknownControls));

    /// <summary>Orders candidates: what explains more by stronger frames is first.</summary>
    public double Score =>
        Tally.Explained * (StrongFrames + (Math.Min(Tally.Frames, StrongFrames + 1) * 0.1 * Strictness));

    /// <summary>Explains about as much, with about as much behind it.</summary>
    public bool Rivals(ProtocolCandidate best) =>
        Fit >= best.Fit - ProtocolDetection.RivalGap && StrongFrames * 2 >= best.StrongFrames
        && PinnedBytes >= best.PinnedBytes * ProtocolDetection.RivalPinned;
}

/// <summary>What a stream's protocol may be, best first; <see cref="Certain"/> when there is no doubt.</summary>
/// <param name="Candidates">What fits at least in part.</param>
/// <param name="Certain">The first of them, or null.</param>
/// <param name="Doubt">Why none is certain, in words; "" where one is.</param>
sealed record Detection(IReadOnlyList<ProtocolCandidate> Candidates, ProtocolCandidate? Certain, string Doubt)
{
    public ProtocolCandidate? Best => Candidates.Count > 0 ? Candidates[0] : null;

    public static Detection Nothing { get; } = new([], null, "nothing known fits");
}

/// <summary>
/// Finds out which protocol bytes are of: every protocol of the library reads the front, and the one that explains
/// nearly all of it by frames that nothing else would make is it. No protocol is known by name here, so that a new one
/// needs no rule of its own: how much its frames prove is measured, by changing bytes and looking whether it notices.
/// </summary>
static class ProtocolDetection
{
    /// <summary>Bytes looked at.</summary>
    public const int FrontBytes = 1024 * 1024;

    /// <summary>A protocol that notices this share of changed bytes checks its frames.</summary>
    public const double CheckedFrom = 0.95;

    /// <summary>Shorter frames prove nothing, however strict their protocol is.</summary>
    public const int ShortestFrame = 4;

    /// <summary>Share of the bytes that must be explained.</summary>
    public const double LeastExplained = 0.75;

    /// <summary>The same for each eighth of a longer stream: another protocol's bytes may lie behind.</summary>
    public const double LeastExplainedPart = 0.4;

    /// <summary>From so many strong frames on fewer bytes are enough.</summary>
    public const int ManyFrames = 3;

    /// <summary>Bytes that had to be as they are, of many frames and of few.</summary>
    /// <remarks>
    /// Ends of records, lines cut anywhere and other protocols' frames reach 14 with a single frame of a wrong
    /// protocol.
    /// </remarks>
    public const int EnoughBytes = 20;

    public const int EnoughBytesOfFew = 32;

    /// <summary>Another protocol that fits as well up to this much is a rival.</summary>
    public const double RivalGap = 0.1;

    /// <summary>… if it leaves about as little to chance.</summary>
    public const double RivalPinned = 0.75;

    /// <summary>From this length on beginning and end are looked at by themselves.</summary>
    const int LeastWithParts = 4096;

    const int CandidatesShown = 4;
    const double LeastShown = 0.5;
    const int CandidatesTried = 8;
    const int Changes = 128;
    const int ChangedFront = 16 * 1024;

    /// <summary>Finds the protocol of a stream.</summary>
    /// <param name="front">Its first bytes, up to <see cref="FrontBytes"/>.</param>
    /// <param name="isWhole">That is all of it.</param>
    /// <param name="only">The protocol it is said to be: nothing else is tried. Null: all are.</param>
    /// <param name="cancellation">Stops between two protocols.</param>
    public static Detection Detect(
        ReadOnlySpan<byte> front, bool isWhole, ReaderProtocol? only = null, CancellationToken cancellation = default)
    {
        if (front.IsEmpty)
            return Detection.Nothing with { Doubt = "it is empty" };
        Detection all = DetectPart(front, isWhole, only, cancellation);
        if (all.Certain is null || front.Length < LeastWithParts || only is not null)
            return all;
        // A protocol that takes any text for an answer explains another one's bytes as well.
        int quarter = front.Length / 4;
        string doubt = Foreign("beginning", DetectPart(front[..quarter], isWhole: false, null, cancellation), all.Certain);
        if (doubt.Length == 0)
            doubt = Foreign("end", DetectPart(front[^quarter..], isWhole, null, cancellation), all.Certain);
        return doubt.Length == 0 ? all : all with { Certain = null, Doubt = doubt };
    }

    static string Foreign(string place, Detection part, ProtocolCandidate all) =>
        part.Certain is { } other && other.Name != all.Name ? $"its {place} is {other.Name}" : "";

    static Detection DetectPart(
        ReadOnlySpan<byte> front, bool isWhole, ReaderProtocol? only, CancellationToken cancellation)
    {
        List<StreamTally> tallies = [];
        foreach (ReaderProtocol protocol in only is null ? ReaderProtocol.All : [only])
        {
            cancellation.ThrowIfCancellationRequested();
            StreamTally tally = Count(protocol, front, isWhole);
            if (tally.Frames > 0 && tally.Explained >= LeastShown)
                tallies.Add(tally);
        }

        List<ProtocolCandidate> candidates = [];
        foreach (StreamTally tally in tallies.OrderByDescending(tally => tally.Explained).Take(CandidatesTried))
        {
            cancellation.ThrowIfCancellationRequested();
            double strictness = Strictness(tally.Protocol, front, out bool isChained);
            candidates.Add(new ProtocolCandidate { Tally = tally, Strictness = strictness, IsChained = isChained });
        }

        candidates = [.. candidates.OrderByDescending(candidate => candidate.Doubt.Length == 0)
            .ThenByDescending(candidate => candidate.Score).ThenBy(candidate => candidate.Name)];
        if (candidates.Count == 0)
            return Detection.Nothing;
        ProtocolCandidate[] rivals = [.. candidates.Skip(1).Where(other => other.Rivals(candidates[0]))];
        string doubt = candidates[0].Doubt;
        if (doubt.Length == 0 && rivals.Length > 0)
            doubt = $"{string.Join(" and ", rivals.Select(rival => rival.Name).Prepend(candidates[0].Name))} fit alike";
        return new Detection(
            [.. candidates.Take(CandidatesShown)], doubt.Length == 0 ? candidates[0] : null, doubt);
    }

    static StreamTally Count(ReaderProtocol protocol, ReadOnlySpan<byte> bytes, bool isWhole)
    {
        StreamTally tally = new(protocol, bytes.Length);
        tally.Add(bytes, isWhole);
        return tally;
    }

    /// <summary>Changes bytes here and there, one at a time, and counts what the protocol notices.</summary>
    static double Strictness(ReaderProtocol protocol, ReadOnlySpan<byte> front, out bool isChained)
    {
        byte[] bytes = front[..Math.Min(front.Length, ChangedFront)].ToArray();
        StreamTally tally = new(protocol, bytes.Length);
        Counts good = CountNext(tally, bytes);
        int noticed = 0;
        uint random = 1;
        for (int i = 0; i < Changes; i++)
        {
            int at = (int)(((long)i * bytes.Length / Changes) + (Next(ref random) % (1 + (bytes.Length / Changes))));
            at = Math.Min(at, bytes.Length - 1);
            byte before = bytes[at];
            bytes[at] = Changed(before, i, ref random);
            noticed += CountNext(tally, bytes).IsLessThan(good) ? 1 : 0;
            bytes[at] = before;
        }

        isChained = tally.RejectsByReason.ContainsKey(RejectReason.FramingLost);
        // Changes in what does not fit anyway are not to be noticed.
        double explained = 1 - ((double)(good.RejectedBytes + good.UnknownBytes) / Math.Max(1, bytes.Length));
        return explained <= 0 ? 0 : Math.Min(1, noticed / (Changes * explained));
    }

    /// <summary>Counts the bytes as a further connection, which is cheaper than counting anew.</summary>
    static Counts CountNext(StreamTally tally, ReadOnlySpan<byte> bytes)
    {
        Counts before = Counts.Of(tally);
        tally.Add(bytes, endOfStream: true);
        Counts after = Counts.Of(tally);
        return new Counts(
            after.Reads - before.Reads, after.Known - before.Known, after.Unknown - before.Unknown,
            after.UnknownBytes - before.UnknownBytes, after.Rejects - before.Rejects,
            after.RejectedBytes - before.RejectedBytes);
    }

    readonly record struct Counts(
        long Reads, long Known, long Unknown, long UnknownBytes, long Rejects, long RejectedBytes)
    {
        public static Counts Of(StreamTally tally) => new(
            tally.Reads, tally.KnownControls, tally.UnknownControls, tally.UnknownBytes, tally.Rejects, tally.RejectedBytes);

        public bool IsLessThan(Counts good) => RejectedBytes > good.RejectedBytes || Rejects > good.Rejects
            || Unknown > good.Unknown || Reads != good.Reads || Known < good.Known;
    }

    /// <summary>Every other change keeps a digit a digit: a protocol that looks at the form only does not
    /// notice.</summary>
    static byte Changed(byte value, int turn, ref uint random)
    {
        if ((turn & 1) == 0)
            return (byte)(value ^ (1 << (int)(Next(ref random) % 3)));
        byte changed = (byte)(' ' + (Next(ref random) % 95));
        return changed == value ? (byte)(value ^ 0x10) : changed;
    }

    static uint Next(ref uint state)
    {
        state = (state * 1664525) + 1013904223;
        return state >> 8;
    }
}
