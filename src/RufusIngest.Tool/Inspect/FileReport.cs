using RufusIngest.Readers;

namespace RufusIngest.Tool.Inspect;

/// <summary>What one stream of a file is and holds.</summary>
/// <param name="Stream">The stream, with what its front may be.</param>
/// <param name="Tally">What the protocol makes of all of it; null where nothing known fits.</param>
/// <param name="IsCertain">There is no doubt, or somebody said it.</param>
/// <param name="Doubt">Why not, in words.</param>
sealed record StreamReport(InputStream Stream, StreamTally? Tally, bool IsCertain, string Doubt)
{
    public string? Protocol => IsCertain ? Tally?.Protocol.Name : null;
}

/// <summary>What a file is and holds.</summary>
/// <param name="Input">The file.</param>
/// <param name="Streams">Its streams.</param>
/// <param name="IsTold">The protocol was told, so that nothing is said about others.</param>
sealed record FileReport(InputFile Input, IReadOnlyList<StreamReport> Streams, bool IsTold)
{
    public bool IsCertain => Streams.Any(stream => stream.IsCertain);

    /// <summary>Looks at all of a file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="protocol">What it is said to be; null: to be found out.</param>
    /// <param name="progress">Told the bytes read so far.</param>
    /// <param name="cancellation">Stops between pieces.</param>
    public static FileReport Of(
        FileInfo file, ReaderProtocol? protocol, Action<long> progress, CancellationToken cancellation)
    {
        InputFile input = InputFile.Open(file, protocol, cancellation);
        Dictionary<int, StreamTally> tallies = [];
        foreach (InputStream stream in input.Streams)
        {
            if ((protocol ?? stream.Detection.Best?.Tally.Protocol) is { } counted)
                tallies.Add(stream.Index, new StreamTally(counted, stream.Length));
        }

        long bytes = 0;
        foreach (InputPiece piece in tallies.Count > 0 ? input.Read(cancellation) : [])
        {
            if (tallies.TryGetValue(piece.Stream, out StreamTally? tally))
                tally.Add(piece.Bytes.Span, piece.IsEnd);
            progress(bytes += piece.Bytes.Length);
        }

        return new FileReport(
            input,
            [.. input.Streams.Select(stream => Judge(stream, tallies.GetValueOrDefault(stream.Index), protocol is not null))],
            protocol is not null);
    }

    /// <summary>The front may be of a protocol that the rest is not of.</summary>
    static StreamReport Judge(InputStream stream, StreamTally? tally, bool isTold)
    {
        if (isTold)
            return new StreamReport(stream, tally, tally is not null, "");
        bool isFrontOnly = stream.Certain is not null && tally is not null
            && (tally.Explained < ProtocolDetection.LeastExplained
                || tally.LeastExplainedPart < ProtocolDetection.LeastExplainedPart);
        return new StreamReport(
            stream,
            tally,
            stream.Certain is not null && !isFrontOnly,
            isFrontOnly ? "behind its front it is something else" : stream.Detection.Doubt);
    }
}
