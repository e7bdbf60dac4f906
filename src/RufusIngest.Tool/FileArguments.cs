using System.CommandLine;
using RufusIngest.Passings;
using RufusIngest.Readers;
using RufusIngest.Records;
using RufusIngest.Tool.Inspect;

namespace RufusIngest.Tool;

/// <summary>Captures or logs of one reader, and how to read them: what every command that takes files of reads asks
/// for.</summary>
sealed class FileArguments(string defaultLocation)
{
    readonly Argument<FileInfo[]> _files = new("FILE")
    {
        Description = "Captures or logs, one reader's, in order: its bytes, the same as hex text, or packets (pcap, pcapng).",
        Arity = ArgumentArity.OneOrMore,
    };

    readonly Option<string?> _protocol = new("--protocol")
    {
        Description = "Protocol of the bytes, such as ipico or csv:chip,time; `rufus-ingest protocols` lists them. Not needed "
            + "where it is certain.",
    };

    readonly Option<string?> _date = new("--session-date") { Description = "Date of times without one, YYYY-MM-DD." };

    readonly Option<string> _zone = new("--zone")
    {
        Description = "Zone of times without one: a name or an offset.",
        DefaultValueFactory = _ => "UTC",
    };

    readonly Option<string> _location = new("--location")
    {
        Description = "Name of the location.",
        DefaultValueFactory = _ => defaultLocation,
    };

    readonly Option<FileInfo?> _bibs = CommonOptions.Bibs();

    public void AddTo(Command command)
    {
        command.Arguments.Add(_files);
        foreach (Option option in (Option[])[_protocol, _date, _zone, _location, _bibs])
            command.Options.Add(option);
    }

    public FileInput Read(System.CommandLine.ParseResult parsed, Terminal terminal, CancellationToken cancellation)
    {
        ReaderProtocol? told = parsed.GetValue(_protocol) is { } name ? ReaderSpec.FindProtocol(name) : null;
        ReaderSettings settings = new()
        {
            Name = "file",
            Protocol = told?.Name ?? "",
            Location = parsed.GetValue(_location)!,
            Zone = CommonOptions.FindZone(parsed.GetValue(_zone)!),
            SessionDate = parsed.GetValue(_date) is { } text ? CommonOptions.ReadDate(text) : null,
        };
        ChipTable chips = CommonOptions.ReadBibs(parsed.GetValue(_bibs));
        FileInfo[] files = parsed.GetValue(_files)!;
        RequireFiles(files);
        InputFile[] inputs = [.. files.Select(file => InputFile.Open(file, told, cancellation))];
        string protocol = told?.Name ?? ProtocolOf(inputs);
        if (told is null)
            terminal.Say($"The protocol is {protocol}.");
        foreach (InputFile input in inputs)
            SayForm(terminal, input, protocol);
        return new FileInput { Inputs = inputs, Reader = settings with { Protocol = protocol }, Chips = chips };
    }

    static void SayForm(Terminal terminal, InputFile input, string protocol)
    {
        if (input.Form == InputForm.HexText)
            terminal.Say($"{input.File.Name} is read as hex text.");
        if (input.Form == InputForm.Packets)
        {
            terminal.Say(
                $"{input.File.Name}: {input.StreamsOf(protocol).Count:N0} of {input.Streams.Count:N0} streams are taken for "
                + $"{protocol}.");
        }
    }

    /// <summary>Says which file is missing, or that an option is no file.</summary>
    /// <exception cref="ToolException">One is.</exception>
    public static void RequireFiles(IEnumerable<FileInfo> files)
    {
        if (files.FirstOrDefault(file => !file.Exists) is { } missing)
        {
            throw ToolException.BadInput(
                missing.Name.StartsWith("--", StringComparison.Ordinal)
                    ? $"there is no option {missing.Name} and no file of that name; --help shows the options."
                    : $"there is no file {missing.FullName}.");
        }
    }

    /// <summary>The one protocol that is certain; files too short to be certain may be of it.</summary>
    static string ProtocolOf(InputFile[] inputs)
    {
        string[] certain = [.. inputs.SelectMany(input => input.Streams).Select(stream => stream.Certain?.Name)
            .OfType<string>().Distinct()];
        if (certain.Length > 1)
        {
            throw ToolException.BadInput(
                $"there is more than one protocol in it: {string.Join(", ", certain)}; say which one with --protocol.");
        }

        InputFile? doubtful = inputs.FirstOrDefault(input => !MayBe(input, certain.FirstOrDefault()));
        if (doubtful is null && certain.Length == 1)
            return certain[0];
        doubtful ??= inputs[0];
        string[] candidates = [.. doubtful.Streams.SelectMany(stream => stream.Detection.Candidates)
            .Select(candidate => candidate.Name).Distinct()];
        throw ToolException.BadInput(
            $"the protocol of {doubtful.File.Name} is not certain: "
            + (candidates.Length == 0 ? "nothing known fits" : $"it may be {string.Join(" or ", candidates)}")
            + "; say it with --protocol. `rufus-ingest inspect` shows more.");
    }

    static bool MayBe(InputFile input, string? protocol) => input.File.Length == 0
        || input.Streams.Any(stream => stream.Detection.Candidates.Any(candidate => candidate.Name == protocol));
}

/// <summary>Files of one reader, with what is known about it.</summary>
sealed record FileInput
{
    const int MostOfExample = 60;

    public required InputFile[] Inputs { get; init; }

    public required ReaderSettings Reader { get; init; }

    public required ChipTable Chips { get; init; }

    /// <summary>The streams to read, in order, each one or more connections.</summary>
    public IEnumerable<(InputFile Input, InputStream Stream)> Streams =>
        Inputs.SelectMany(input => input.StreamsOf(Reader.Protocol).Select(stream => (input, stream)));

    public IngestSettings ToSettings(GateOptions gate) => new()
    {
        Locations = [new LocationSettings { Name = Reader.Location, Gate = gate }],
        Readers = [Reader],
        Chips = Chips,
    };

    /// <summary>Says what somebody who sees fewer passings than expected should look at.</summary>
    public void SayHints(Terminal terminal, IngestCounters counters, IReadOnlyList<RejectedFrame> rejected)
    {
        if (counters.Readers.Sum(reader => reader.WithoutTime) > 0)
        {
            terminal.Say(Reader.SessionDate is null
                ? "Some reads have no usable time: a clock that was never set, or no date (--session-date gives one)."
                : "Some reads have no usable time: a clock that was never set.");
        }

        if (rejected.Count > 0)
            SayRejected(terminal, counters, rejected[0]);
        long others = counters.Readers.Sum(reader => reader.Signals + reader.Controls.Values.Sum());
        if (counters.Reads == 0)
        {
            terminal.Say(rejected.Count > 0 || others == 0
                ? $"No reads: is it {Reader.Protocol}?"
                : $"No chip reads among {others} other frames.");
        }
    }

    static void SayRejected(Terminal terminal, IngestCounters counters, RejectedFrame example)
    {
        IEnumerable<string> reasons = counters.Readers.SelectMany(reader => reader.Rejects)
            .Where(pair => pair.Value > 0).Select(pair => $"{pair.Key} {pair.Value:N0}");
        string text = string.Concat(
            example.Bytes.Take(MostOfExample).Select(b => b is >= (byte)' ' and <= (byte)'~' ? $"{(char)b}" : $"\\x{b:x2}"));
        string more = example.Length > MostOfExample ? " …" : "";
        terminal.Say(
            $"Rejected: {string.Join(", ", reasons)}; for example at byte {example.Position:N0}, {example.Reason}: {text}{more}");
    }
}
