using System.CommandLine;
using System.Diagnostics;
using System.IO.Pipelines;
using RufusIngest.Cloud;
using RufusIngest.Passings;
using RufusIngest.Reads;
using RufusIngest.Records;
using RufusIngest.Tool.Inspect;

namespace RufusIngest.Tool;

/// <summary><c>replay</c>: captures and logs through the same core as live bytes.</summary>
static class ReplayCommand
{
    const string DefaultLocation = "REPLAY";

    sealed record Options
    {
        public required FileInput Input { get; init; }

        public PassingPolicy Policy { get; init; }

        public bool Reads { get; init; }

        public bool Json { get; init; }

        public FileInfo? Out { get; init; }

        /// <summary>Makes the client to post with; null: nothing is posted.</summary>
        public Func<CloudConnection>? Connect { get; init; }

        public string? Session { get; init; }

        public TimeSpan Flush { get; init; }
    }

    public static Command Create(Terminal terminal)
    {
        FileArguments input = new(DefaultLocation);
        Option<bool> reads = new("--reads") { Description = "Show every read and what became of it." };
        Option<FileInfo?> output = new("--out") { Description = "Write the passings to a file, a JSON object a line." };
        Option<string?> session = new("--session") { Description = "Token of the session to post to." };
        Option<string?> policy = CommonOptions.Policy();
        Option<string?> post = CommonOptions.Post();
        CloudArguments cloud = new(post);
        Option<int> flush = CommonOptions.FlushSeconds();
        Option<bool> json = CommonOptions.Json("A JSON object a line: reads (with --reads), passings, the summary last.");
        Command command = new("replay", "Take a capture or log through the same core as live bytes.")
        {
            policy, reads, output, session, flush, json,
        };
        input.AddTo(command);
        cloud.AddTo(command);
        command.SetAction((parsed, cancellation) => RunAsync(
            terminal,
            new Options
            {
                Input = input.Read(parsed, terminal, cancellation),
                Policy = CommonOptions.ReadPolicy(parsed.GetValue(policy)),
                Reads = parsed.GetValue(reads),
                Json = parsed.GetValue(json),
                Out = parsed.GetValue(output),
                Connect = parsed.GetValue(post) is null ? null : () => cloud.Connect(parsed),
                Session = parsed.GetValue(session),
                Flush = TimeSpan.FromSeconds(parsed.GetValue(flush)),
            },
            cancellation));
        return command;
    }

    static async Task<int> RunAsync(Terminal terminal, Options options, CancellationToken cancellation)
    {
        if (options.Connect is not null && options.Session is null)
            throw ToolException.BadInput("--post needs --session: replaying never opens a session.");
        if (options.Connect is not null && options.Out is not null)
            throw ToolException.BadInput("--out and --post do not go together.");
        if (options.Input.Inputs.Any(input => input.File.FullName == options.Out?.FullName))
            throw ToolException.BadInput($"--out would overwrite {options.Out!.FullName}, which is to be read.");
        Stopwatch clock = Stopwatch.StartNew();
        using ReplayWriter writer = new(terminal, options.Json, options.Input.Reader, options.Out);
        PacketClock? clockOfPackets = options.Input.Streams.Any(one => one.Input.GivesReceiveTimes(one.Stream)) ? new() : null;
        IngestPipeline pipeline = new(
            new IngestOptions
            {
                Settings = options.Input.ToSettings(new GateOptions { Policy = options.Policy }),
                OnRead = options.Reads ? writer.WriteRead : null,
            },
            clockOfPackets);
        await using var _ = pipeline.ConfigureAwait(false);
        writer.Points = () => pipeline.GetCounters().Readers[0].PointNames;
        RunReport report = options.Connect is null
            ? await TakeAsync(pipeline, writer, options, clockOfPackets, cancellation).ConfigureAwait(false)
            : await PostAsync(pipeline, options, clockOfPackets, cancellation).ConfigureAwait(false);
        report = report with { Counters = pipeline.GetCounters(), Elapsed = clock.Elapsed };
        if (options.Json)
            writer.WriteSummary(report);
        else
            report.WriteTable(terminal.Console);
        options.Input.SayHints(terminal, report.Counters, pipeline.GetRejected(options.Input.Reader.Name));
        return report.ExitCode;
    }

    static async Task ReadFileAsync(IngestPipeline pipeline, string reader, FileInfo file, CancellationToken cancellation)
    {
        try
        {
            FileStream stream = new(file.FullName, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 1);
            await using var _ = stream.ConfigureAwait(false);
            PipeReader source = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 64 * 1024));
            await pipeline.ReadAsync(reader, source, recorded: true, cancellation).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw ToolException.BadInput($"{file.FullName} cannot be read: {exception.Message}", exception);
        }
    }

    /// <summary>Each connection of a stream by itself; times of the packets count where the reader gives no
    /// date.</summary>
    static async Task ReadStreamAsync(
        IngestPipeline pipeline, string reader, InputFile input, InputStream stream, PacketClock? clock,
        CancellationToken cancellation)
    {
        bool isRecorded = !input.GivesReceiveTimes(stream);
        using IEnumerator<InputPiece> pieces = input.Read(stream.Index, cancellation).GetEnumerator();
        if (!pieces.MoveNext())
            return;
        PiecePipe source;
        do
        {
            source = new PiecePipe(pieces, clock);
            await pipeline.ReadAsync(reader, source, isRecorded, cancellation).ConfigureAwait(false);
        }
        while (!source.IsLast);
    }

    static async Task<RunReport> TakeAsync(
        IngestPipeline pipeline, ReplayWriter writer, Options options, PacketClock? clock, CancellationToken cancellation)
    {
        Task reading = Task.Run(() => ReadFilesAsync(pipeline, options, clock, cancellation), CancellationToken.None);
        await foreach (PassingBatch batch in pipeline.Batches.ReadAllAsync(cancellation).ConfigureAwait(false))
        {
            using (batch)
                writer.WritePassings(batch);
        }

        await reading.ConfigureAwait(false);
        return new RunReport { Counters = pipeline.GetCounters() };
    }

    static async Task<RunReport> PostAsync(
        IngestPipeline pipeline, Options options, PacketClock? clock, CancellationToken cancellation)
    {
        using CloudConnection connection = options.Connect!();
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        PassingsUploader uploader = new(connection.Cloud);
        uploader.AttachSession(options.Input.Reader.Location, options.Session!);
        Task sending = uploader.RunAsync(pipeline.Batches, giveUp.Token);
        Task reading = Task.Run(
            () => ReadFilesAsync(pipeline, options, clock, giveUp.Token), CancellationToken.None);
        try
        {
            // Sending ends first only when it fails: then reading would wait for ever for room.
            if (await Task.WhenAny(reading, sending).ConfigureAwait(false) == sending && !sending.IsCompletedSuccessfully)
                await giveUp.CancelAsync().ConfigureAwait(false);
            giveUp.CancelAfter(options.Flush);
            await sending.ConfigureAwait(false);
            await reading.ConfigureAwait(false);
        }
        catch (DeliveryStoppedException exception)
        {
            throw new ToolException(ExitCode.Refused, exception.Message, exception);
        }
        catch (OperationCanceledException exception) when (!cancellation.IsCancellationRequested)
        {
            throw new ToolException(
                ExitCode.Unreachable,
                $"the server took {uploader.Counters.Passings} passings, then no more within "
                + $"{options.Flush.TotalSeconds:0} s; replay again, what it has will count as known.",
                exception);
        }
        finally
        {
            await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return new RunReport { Counters = pipeline.GetCounters(), Upload = uploader.Counters };
    }

    static async Task ReadFilesAsync(
        IngestPipeline pipeline, Options options, PacketClock? clock, CancellationToken cancellation)
    {
        string reader = options.Input.Reader.Name;
        try
        {
            foreach (var (input, stream) in options.Input.Streams)
            {
                await (input.Form == InputForm.Bytes
                    ? ReadFileAsync(pipeline, reader, input.File, cancellation)
                    : ReadStreamAsync(pipeline, reader, input, stream, clock, cancellation)).ConfigureAwait(false);
            }
        }
        finally
        {
            await pipeline.CompleteAsync().WaitAsync(cancellation).ConfigureAwait(false);
        }
    }
}
