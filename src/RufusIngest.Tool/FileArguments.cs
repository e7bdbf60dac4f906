using System.CommandLine;
using RufusIngest.Passings;
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
    public void SayHints(Terminal terminal, IngestCounters counters)
    {
        if (counters.Readers.Sum(reader => reader.WithoutTime) > 0)
        {
            terminal.Say(Reader.SessionDate is null
                ? "Some reads have no usable time: a clock that was never set, or no date (--session-date gives one)."
                : "Some reads have no usable time: a clock that was never set.");
        }

        if (counters.Reads == 0)
        {
            long others = counters.Readers.Sum(reader => reader.Signals + reader.Controls.Values.Sum());
            terminal.Say(others == 0 ? $"No reads: is it {Reader.Protocol}?" : $"No chip reads among {others} other frames.");
        }
    }
}
