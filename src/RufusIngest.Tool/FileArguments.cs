using System.CommandLine;
using RufusIngest.Passings;
using RufusIngest.Readers;
using RufusIngest.Records;

namespace RufusIngest.Tool;

/// <summary>Captures or logs of one reader, and how to read them: what every command that takes files of reads asks for.</summary>
sealed class FileArguments(string defaultLocation)
{
    readonly Argument<FileInfo[]> _files = new("FILE")
    {
        Description = "Captures or logs, one reader's, in order.",
        Arity = ArgumentArity.OneOrMore,
    };

    readonly Option<string> _protocol = new("--protocol")
    {
        Description = "Protocol of the bytes, such as ipico or csv:chip,time; `rufus-ingest protocols` lists them.",
        Required = true,
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

    public FileInput Read(System.CommandLine.ParseResult parsed)
    {
        FileInput input = new()
        {
            Files = parsed.GetValue(_files)!,
            Reader = new ReaderSettings
            {
                Name = "file",
                Protocol = ReaderSpec.FindProtocol(parsed.GetValue(_protocol)!).Name,
                Location = parsed.GetValue(_location)!,
                Zone = CommonOptions.FindZone(parsed.GetValue(_zone)!),
                SessionDate = parsed.GetValue(_date) is { } text ? CommonOptions.ReadDate(text) : null,
            },
            Chips = CommonOptions.ReadBibs(parsed.GetValue(_bibs)),
        };
        return input.Files.FirstOrDefault(file => !file.Exists) is { } missing
            ? throw ToolException.BadInput(
                missing.Name.StartsWith("--", StringComparison.Ordinal)
                    ? $"there is no option {missing.Name} and no file of that name; --help shows the options."
                    : $"there is no file {missing.FullName}.")
            : input;
    }
}

/// <summary>Files of one reader, with what is known about it.</summary>
sealed record FileInput
{
    const int MostOfExample = 60;

    public required FileInfo[] Files { get; init; }

    public required ReaderSettings Reader { get; init; }

    public required ChipTable Chips { get; init; }

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
