using System.Buffers;
using RufusIngest.Readers;
using RufusIngest.Tool.Pcap;

namespace RufusIngest.Tool.Inspect;

/// <summary>How a file holds a reader's bytes.</summary>
enum InputForm
{
    /// <summary>As they are.</summary>
    Bytes = 0,

    /// <summary>Written as hex text.</summary>
    HexText,

    /// <summary>In captured packets.</summary>
    Packets,
}

/// <summary>Bytes of one stream of a file, in order.</summary>
/// <param name="Stream">Which stream.</param>
/// <param name="Bytes">Valid until the next ones are asked for.</param>
/// <param name="ReceivedAt">When they were captured, ticks UTC, or 0.</param>
/// <param name="IsEnd">The connection ends with them.</param>
readonly record struct InputPiece(int Stream, ReadOnlyMemory<byte> Bytes, long ReceivedAt, bool IsEnd);

/// <summary>One stream of a file: the file itself, or a direction of TCP connections in it.</summary>
sealed record InputStream
{
    public required int Index { get; init; }

    /// <summary>The direction, or null for a file that is one stream.</summary>
    public TcpFlow? Flow { get; init; }

    public required long Length { get; init; }

    public required Detection Detection { get; init; }

    /// <summary>The stream's first bytes, for who looks at what is no protocol.</summary>
    public required byte[] Head { get; init; }

    public ProtocolCandidate? Certain => Detection.Certain;
}

/// <summary>
/// A file of reader's bytes in whatever form: looks once at what it is, then gives its streams as often as asked. The
/// file itself is opened and closed each time.
/// </summary>
sealed class InputFile
{
    const int PieceBytes = 64 * 1024;
    const int HeadBytes = 4096;
    const int FlowFrontBytes = 256 * 1024;
    const long AllFrontBytes = 64 * 1024 * 1024;

    InputFile(FileInfo file) => File = file;

    public FileInfo File { get; }

    public InputForm Form { get; private set; }

    public IReadOnlyList<InputStream> Streams { get; private set; } = [];

    /// <summary>The packets of a capture file.</summary>
    public TcpFlows? Packets { get; private set; }

    /// <summary>What ended the reading of a capture file too soon, or null.</summary>
    public string? Problem { get; private set; }

    /// <summary>Looks at a file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="protocol">What it is said to be; null: to be found out.</param>
    /// <param name="cancellation">Stops between pieces.</param>
    /// <exception cref="ToolException">It cannot be read.</exception>
    public static InputFile Open(FileInfo file, ReaderProtocol? protocol, CancellationToken cancellation)
    {
        InputFile input = new(file);
        try
        {
            using FileStream stream = input.OpenStream();
            // What can be read once only is taken as it is.
            if (stream.CanSeek)
                input.Look(stream, protocol, cancellation);
            else if (protocol is null)
                throw ToolException.BadInput($"{file.FullName} can be read once only: its protocol must be told (--protocol).");
            else
                input.Streams = [new InputStream { Index = 0, Length = 0, Detection = Detection.Nothing, Head = [] }];
            return input;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(file, exception);
        }
    }

    /// <summary>Gives the pieces of all streams, those of one stream in its order.</summary>
    /// <exception cref="ToolException">The file cannot be read.</exception>
    public IEnumerable<InputPiece> Read(CancellationToken cancellation)
    {
        using FileStream stream = OpenStream();
        IEnumerable<InputPiece> pieces = Form switch
        {
            InputForm.Packets => ReadPackets(stream, null),
            InputForm.HexText => ReadHex(stream),
            _ => ReadBytes(stream),
        };
        foreach (InputPiece piece in pieces)
        {
            cancellation.ThrowIfCancellationRequested();
            yield return piece;
        }
    }

    /// <summary>
    /// The streams that are of a protocol or most likely are, for a connection may be too short to be certain. Of several,
    /// only those with reads: the other direction says nothing about chips.
    /// </summary>
    public IReadOnlyList<InputStream> StreamsOf(string protocol)
    {
        if (Form != InputForm.Packets)
            return Streams;
        InputStream[] some = [.. Streams.Where(stream => stream.Detection.Best?.Name == protocol)];
        InputStream[] withReads = [.. some.Where(stream => stream.Detection.Best!.Tally is { Reads: > 0 } or { Signals: > 0 })];
        return withReads.Length > 0 ? withReads : some;
    }

    /// <summary>
    /// The times of the packets count as receive times: where the reader gives a date itself, they would only bring its
    /// clock and zone into question.
    /// </summary>
    public bool GivesReceiveTimes(InputStream stream) =>
        Form == InputForm.Packets && stream.Detection.Best?.Tally.Base is not (TimeBase.Local or TimeBase.Utc);

    /// <summary>Gives the pieces of one stream.</summary>
    public IEnumerable<InputPiece> Read(int stream, CancellationToken cancellation) =>
        Read(cancellation).Where(piece => piece.Stream == stream);

    FileStream OpenStream()
    {
        try
        {
            return new FileStream(File.FullName, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 1);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(File, exception);
        }
    }

    static ToolException Unreadable(FileInfo file, Exception exception) =>
        ToolException.BadInput($"{file.FullName} cannot be read: {exception.Message}", exception);

    void Look(FileStream stream, ReaderProtocol? protocol, CancellationToken cancellation)
    {
        byte[] front = new byte[(int)Math.Min(stream.Length, ProtocolDetection.FrontBytes)];
        front = front[..stream.ReadAtLeast(front, front.Length, throwOnEndOfStream: false)];
        if (PacketFile.IsPacketFile(front))
        {
            stream.Position = 0;
            LookAtPackets(stream, protocol, cancellation);
            return;
        }

        bool isWhole = stream.Length <= front.Length;
        Detection raw = ProtocolDetection.Detect(front, isWhole, protocol, cancellation);
        if (raw.Certain is null && AsHex(front, isWhole) is { } bytes)
        {
            Detection hex = ProtocolDetection.Detect(bytes, isWhole, protocol, cancellation);
            // Digits in a text of another kind must not become reads.
            if (protocol is null
                ? hex.Certain is not null || (hex.Best is not null && raw.Best is null)
                : hex.Certain is not null && raw.Best is null)
            {
                Form = InputForm.HexText;
                Streams = [StreamOf(bytes, hex, isWhole ? bytes.Length : stream.Length / 2)];
                return;
            }
        }

        Streams = [StreamOf(front, raw, stream.Length)];
    }

    static InputStream StreamOf(byte[] front, Detection detection, long length) => new()
    {
        Index = 0,
        Length = length,
        Detection = detection,
        Head = front[..Math.Min(front.Length, HeadBytes)],
    };

    static byte[]? AsHex(ReadOnlySpan<byte> text, bool isWhole)
    {
        HexText hex = new();
        ArrayBufferWriter<byte> bytes = new();
        hex.Add(text, isWhole, bytes);
        return hex.IsLikely ? bytes.WrittenSpan.ToArray() : null;
    }

    IEnumerable<InputPiece> ReadBytes(FileStream stream)
    {
        byte[] buffer = new byte[PieceBytes];
        int length;
        while ((length = ReadSome(stream, buffer)) > 0)
            yield return new InputPiece(0, buffer.AsMemory(0, length), 0, IsEnd: false);
        yield return new InputPiece(0, default, 0, IsEnd: true);
    }

    IEnumerable<InputPiece> ReadHex(FileStream stream)
    {
        HexText hex = new();
        ArrayBufferWriter<byte> bytes = new();
        byte[] buffer = new byte[PieceBytes];
        int length;
        do
        {
            length = ReadSome(stream, buffer);
            hex.Add(buffer.AsSpan(0, length), isLast: length == 0, bytes);
            if (bytes.WrittenCount > 0)
                yield return new InputPiece(0, bytes.WrittenMemory, 0, IsEnd: false);
            bytes.ResetWrittenCount();
        }
        while (length > 0);
        yield return new InputPiece(0, default, 0, IsEnd: true);
    }

    int ReadSome(FileStream stream, byte[] buffer)
    {
        try
        {
            return stream.Read(buffer);
        }
        catch (IOException exception)
        {
            throw Unreadable(File, exception);
        }
    }

    /// <summary>Gives what the flows say, as one packet after the other brings it.</summary>
    IEnumerable<InputPiece> ReadPackets(FileStream stream, Action<TcpFlows, PacketFile>? whenDone)
    {
        using BufferedStream buffered = new(stream, PieceBytes);
        PacketFile file = new(buffered);
        List<InputPiece> said = [];
        TcpFlows flows = new(
            new TcpLimits(),
            (flow, bytes, time, isEnd) => said.Add(new InputPiece(flow.Index, bytes.ToArray(), time, isEnd)));
        bool isMore;
        do
        {
            isMore = ReadPacket(flows, file);
            foreach (InputPiece piece in said)
                yield return piece;
            said.Clear();
        }
        while (isMore);
        whenDone?.Invoke(flows, file);
    }

    bool ReadPacket(TcpFlows flows, PacketFile file)
    {
        try
        {
            return flows.Next(file);
        }
        catch (IOException exception)
        {
            throw Unreadable(File, exception);
        }
    }

    void LookAtPackets(FileStream stream, ReaderProtocol? protocol, CancellationToken cancellation)
    {
        Form = InputForm.Packets;
        List<FlowFront> fronts = [];
        long kept = 0;
        foreach (InputPiece piece in ReadPackets(stream, (flows, file) => (Packets, Problem) = (flows, file.Problem)))
        {
            cancellation.ThrowIfCancellationRequested();
            while (fronts.Count <= piece.Stream)
                fronts.Add(new FlowFront());
            int room = (int)Math.Min(FlowFrontBytes, AllFrontBytes - kept);
            kept += fronts[piece.Stream].Add(piece, room);
        }

        Streams =
        [
            .. Packets!.Flows.Where(flow => flow.Bytes > 0)
                .Select(flow => StreamOf(flow, fronts[flow.Index], protocol, cancellation)),
        ];
    }

    static InputStream StreamOf(
        TcpFlow flow, FlowFront front, ReaderProtocol? protocol, CancellationToken cancellation)
    {
        byte[] bytes = front.Longest;
        bool isWhole = bytes.Length == flow.Bytes;
        return StreamOf(bytes, ProtocolDetection.Detect(bytes, isWhole, protocol, cancellation), flow.Bytes) with
        {
            Index = flow.Index,
            Flow = flow,
        };
    }

    /// <summary>The front of a flow's longest connection: a gap may have cut a frame, and no front is looked at across
    /// it.</summary>
    sealed class FlowFront
    {
        readonly ArrayBufferWriter<byte> _current = new();
        byte[] _longest = [];

        public byte[] Longest => _current.WrittenCount > _longest.Length ? _current.WrittenSpan.ToArray() : _longest;

        /// <summary>Keeps what there is room for and says how much.</summary>
        public int Add(InputPiece piece, int room)
        {
            int kept = Math.Min(piece.Bytes.Length, Math.Max(0, room - _current.WrittenCount));
            _current.Write(piece.Bytes.Span[..kept]);
            if (!piece.IsEnd)
                return kept;
            _longest = Longest;
            _current.ResetWrittenCount();
            return kept;
        }
    }
}
