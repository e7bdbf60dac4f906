using System.CommandLine;
using System.Diagnostics;
using System.IO.Pipelines;
using RufusIngest.Cloud;
using RufusIngest.Passings;
using RufusIngest.Reads;
using RufusIngest.Records;

namespace RufusIngest.Tool;

/// <summary><c>replay</c>: captures and logs through the same core as live bytes.</summary>
static class ReplayCommand
{
    const string DefaultLocation = "REPLAY";

    sealed record Options
    {
        public required FileInfo[] Files { get; init; }

        public required ReaderSettings Reader { get; init; }

        public required ChipTable Chips { get; init; }

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
        Argument<FileInfo[]> files = new("FILE")
        {
            Description = "Captures or logs, one reader's, in order.",
            Arity = ArgumentArity.OneOrMore,
        };
        Option<string> protocol = new("--protocol")
        {
            Description = "Protocol of the bytes: cloudbox, ipico or ultra.",
            Required = true,
        };
        Option<string?> date = new("--session-date") { Description = "Date of times without one, YYYY-MM-DD." };
        Option<string> zone = new("--zone")
        {
            Description = "Zone of times without one: a name or an offset.",
            DefaultValueFactory = _ => "UTC",
        };
        Option<string> location = new("--location")
        {
            Description = "Name of the location.",
            DefaultValueFactory = _ => DefaultLocation,
        };
        Option<bool> reads = new("--reads") { Description = "Show every read and what became of it." };
        Option<FileInfo?> output = new("--out") { Description = "Write the passings to a file, a JSON object a line." };
        Option<string?> session = new("--session") { Description = "Token of the session to post to." };
        Option<FileInfo?> bibs = CommonOptions.Bibs();
        Option<string?> post = CommonOptions.Post();
        CloudArguments cloud = new(post);
        Option<int> flush = CommonOptions.FlushSeconds();
        Option<bool> json = CommonOptions.Json("A JSON object a line: reads (with --reads), passings, the summary last.");
        Command command = new("replay", "Take a capture or log through the same core as live bytes.")
        {
            files, protocol, date, zone, location, bibs, reads, output, session, flush, json,
        };
        cloud.AddTo(command);
        command.SetAction((parsed, cancellation) => RunAsync(
            terminal,
            new Options
            {
                Files = parsed.GetValue(files)!,
                Reader = new ReaderSettings
                {
                    Name = "file",
                    Protocol = ReaderSpec.FindProtocol(parsed.GetValue(protocol)!).Name,
                    Location = parsed.GetValue(location)!,
                    Zone = CommonOptions.FindZone(parsed.GetValue(zone)!),
                    SessionDate = parsed.GetValue(date) is { } text ? CommonOptions.ReadDate(text) : null,
                },
                Chips = CommonOptions.ReadBibs(parsed.GetValue(bibs)),
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
        if (options.Files.FirstOrDefault(file => !file.Exists) is { } missing)
            throw ToolException.BadInput($"there is no file {missing.FullName}.");
        if (options.Connect is not null && options.Session is null)
            throw ToolException.BadInput("--post needs --session: replaying never opens a session.");
        if (options.Connect is not null && options.Out is not null)
            throw ToolException.BadInput("--out and --post do not go together.");
        if (options.Files.Any(file => file.FullName == options.Out?.FullName))
            throw ToolException.BadInput($"--out would overwrite {options.Out!.FullName}, which is to be read.");
        Stopwatch clock = Stopwatch.StartNew();
        using ReplayWriter writer = new(terminal, options.Json, options.Reader, options.Out);
        IngestPipeline pipeline = new(new IngestOptions
        {
            Settings = new IngestSettings
            {
                Locations = [new LocationSettings { Name = options.Reader.Location }],
                Readers = [options.Reader],
                Chips = options.Chips,
            },
            OnRead = options.Reads ? writer.WriteRead : null,
        });
        await using var _ = pipeline.ConfigureAwait(false);
        RunReport report = options.Connect is null
            ? await TakeAsync(pipeline, writer, options, cancellation).ConfigureAwait(false)
            : await PostAsync(pipeline, options, cancellation).ConfigureAwait(false);
        report = report with { Counters = pipeline.GetCounters(), Elapsed = clock.Elapsed };
        if (options.Json)
            writer.WriteSummary(report);
        else
            report.WriteTable(terminal.Console);
        SayHints(terminal, options, report);
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

    static async Task<RunReport> TakeAsync(
        IngestPipeline pipeline, ReplayWriter writer, Options options, CancellationToken cancellation)
    {
        Task reading = ReadFilesAsync(pipeline, options, cancellation);
        await foreach (PassingBatch batch in pipeline.Batches.ReadAllAsync(cancellation).ConfigureAwait(false))
        {
            using (batch)
                writer.WritePassings(batch);
        }

        await reading.ConfigureAwait(false);
        return new RunReport { Counters = pipeline.GetCounters() };
    }

    static async Task<RunReport> PostAsync(IngestPipeline pipeline, Options options, CancellationToken cancellation)
    {
        using CloudConnection connection = options.Connect!();
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        PassingsUploader uploader = new(connection.Cloud);
        uploader.AttachSession(options.Reader.Location, options.Session!);
        Task sending = uploader.RunAsync(pipeline.Batches, giveUp.Token);
        Task reading = ReadFilesAsync(pipeline, options, giveUp.Token);
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

    static async Task ReadFilesAsync(IngestPipeline pipeline, Options options, CancellationToken cancellation)
    {
        try
        {
            foreach (FileInfo file in options.Files)
                await ReadFileAsync(pipeline, options.Reader.Name, file, cancellation).ConfigureAwait(false);
        }
        finally
        {
            await pipeline.CompleteAsync().WaitAsync(cancellation).ConfigureAwait(false);
        }
    }

    static void SayHints(Terminal terminal, Options options, RunReport report)
    {
        if (report.Counters.Readers.Sum(reader => reader.WithoutTime) > 0)
        {
            terminal.Say(options.Reader.SessionDate is null
                ? "Some reads have no usable time: a clock that was never set, or no date (--session-date gives one)."
                : "Some reads have no usable time: a clock that was never set.");
        }

        if (report.Counters.Reads == 0)
            terminal.Say($"No reads: is it {options.Reader.Protocol}?");
    }
}
