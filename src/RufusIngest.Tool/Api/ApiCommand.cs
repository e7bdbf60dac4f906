using System.CommandLine;
using RufusIngest.Cloud;

namespace RufusIngest.Tool.Api;

/// <summary>What the commands that call one operation of the API share: where the server is, and how the answer is shown.</summary>
sealed class ApiCommand
{
    readonly CloudArguments _cloud = new();
    readonly Option<bool> _json = CommonOptions.Json("JSON objects by the API's names, one a line.");

    public ApiCommand(string name, string description)
    {
        Command = new(name, description);
        _cloud.AddTo(Command, recursive: true);
        _json.Recursive = true;
        Command.Options.Add(_json);
    }

    public Command Command { get; }

    public bool IsJson(System.CommandLine.ParseResult parsed) => parsed.GetValue(_json);

    /// <summary>Adds a subcommand that calls the server.</summary>
    public void Add(
        string name, string description, IEnumerable<Symbol> symbols,
        Func<RufusCloudClient, System.CommandLine.ParseResult, CancellationToken, Task<int>> run,
        Func<System.CommandLine.ParseResult, RufusCloudOptions>? options = null)
    {
        Command command = new(name, description);
        foreach (Symbol symbol in symbols)
        {
            if (symbol is Argument argument)
                command.Arguments.Add(argument);
            else
                command.Options.Add((Option)symbol);
        }

        command.SetAction(async (parsed, cancellation) =>
        {
            using CloudConnection connection = _cloud.Connect(parsed, options?.Invoke(parsed));
            return await run(connection.Cloud, parsed, cancellation).ConfigureAwait(false);
        });
        Command.Subcommands.Add(command);
    }

    /// <summary>Adds a subcommand that shows what the server lists.</summary>
    public void AddList<T>(
        Terminal terminal, string name, string description, IEnumerable<Symbol> symbols, Column<T>[] columns, string nothing,
        Func<RufusCloudClient, System.CommandLine.ParseResult, CancellationToken, IAsyncEnumerable<T>> list,
        Func<System.CommandLine.ParseResult, RufusCloudOptions>? options = null) =>
        Add(
            name, description, symbols,
            async (cloud, parsed, cancellation) =>
            {
                await new Listing<T>(terminal, columns, IsJson(parsed))
                    .WriteAsync(list(cloud, parsed, cancellation), nothing, cancellation).ConfigureAwait(false);
                return ExitCode.Done;
            },
            options);

    public static Argument<string> Device() => new("DEVICE") { Description = "Its device id." };

    public static Argument<string> Session() => new("SESSION") { Description = "Its token." };

    /// <summary>A time with its offset, or UTC.</summary>
    public static Option<DateTimeOffset?> Time(string name, string description) => new(name)
    {
        Description = description + ", such as 2026-05-03T09:00:00Z; without an offset it is UTC.",
        CustomParser = result =>
        {
            if (DateTimeOffset.TryParse(
                result.Tokens[0].Value, System.Globalization.CultureInfo.InvariantCulture,
                System.Globalization.DateTimeStyles.AssumeUniversal, out DateTimeOffset time))
                return time;
            result.AddError($"{name} '{result.Tokens[0].Value}' is no time; write it as 2026-05-03T09:00:00Z.");
            return null;
        },
    };

    /// <summary>Options that say where an operation is that the API does not document.</summary>
    public static (Option<string> Path, Option<string[]> Members) Route(string example) =>
        (new("--path")
        {
            Description = $"Path below the base address, which is not documented, such as {example}.",
            Required = true,
        },
        new("--member")
        {
            Description = "The server's name of a member, OURS=THEIRS; without one ours is used. May be given several times.",
        });

    /// <summary>Path of a list that the API has, and whose path it leaves out.</summary>
    public static Option<string> ListPath(string usual) => new("--path")
    {
        Description = "Path below the base address, which is not documented.",
        DefaultValueFactory = _ => usual,
    };

    public static CloudRoute ToRoute(string path, string method, string[]? members) => new()
    {
        Path = path,
        Method = method,
        Members = Pairs("--member", members),
    };

    public static Dictionary<string, string> Pairs(string option, string[]? pairs)
    {
        Dictionary<string, string> found = [];
        foreach (string pair in pairs ?? [])
        {
            int at = pair.IndexOf('=', StringComparison.Ordinal);
            if (at < 1)
                throw ToolException.BadInput($"{option} '{pair}' must be NAME=VALUE.");
            found[pair[..at]] = pair[(at + 1)..];
        }

        return found;
    }
}
