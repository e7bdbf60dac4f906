using System.CommandLine;
using System.Net;
using Npgsql;
using RufusIngest.Server;

namespace RufusIngest.Tool;

/// <summary><c>serve</c>: the venue server over a file or a database, until Ctrl-C.</summary>
static class ServeCommand
{
    static readonly TimeSpan StopTime = TimeSpan.FromSeconds(10);

    static readonly Option<FileInfo?> _data = new("--data")
    {
        Description = "File that keeps devices, sessions, passings and keys; it is made when it is not there.",
        Recursive = true,
    };

    static readonly Option<string?> _postgres = new("--postgres")
    {
        Description = "PostgreSQL that keeps them instead, also for several servers: an Npgsql connection string such as "
            + "'Host=db.local;Database=venue;Username=timing', without a password (PGPASSWORD or a passfile).",
        Recursive = true,
    };

    public static Command Create(Terminal terminal)
    {
        Option<string> urls = new("--urls")
        {
            Description = "Where to listen: http, an IP address or localhost, and a port; port 0 takes a free one.",
            DefaultValueFactory = _ => "http://127.0.0.1:8080",
        };
        Option<bool> allowRemote = new("--allow-remote")
        {
            Description = "Let other machines in. Keys and passings then cross the network as plain text.",
        };
        Option<FileInfo?> profile = new("--profile") { Description = "What 'probe' found out: be like that server." };
        Option<FileInfo?> keyFile = new("--api-key-file")
        {
            Description = "File that holds a key of your own, which may do everything; no other is made.",
        };
        Option<bool> noPage = new("--no-page")
        {
            Description = "Serve the API alone, without the page for people.",
        };
        Option<int?> most = new("--max-requests-per-second")
        {
            Description = "Most requests of each key, and of all without a known key together; more are answered 429.",
        };
        Command command = new("serve", "Run the venue server: the RUFUS API over a file, without internet.")
        {
            _data, _postgres, urls, allowRemote, profile, keyFile, noPage, most,
        };
        command.Subcommands.Add(CreateBackup(terminal));
        command.Subcommands.Add(ServeKeysCommand.Create(terminal, Place));
        command.SetAction((parsed, cancellation) => RunAsync(
            terminal,
            Place(parsed) with
            {
                EndPoint = EndPointOf(parsed.GetValue(urls)!, parsed.GetValue(allowRemote)),
                MaxRequestsPerSecond = parsed.GetValue(most),
                Profile = CloudArguments.ReadProfile(parsed.GetValue(profile)) ?? new(),
                Keys = ReadKey(parsed.GetValue(keyFile)),
                Page = !parsed.GetValue(noPage),
                LoggerFactory = new TerminalLogs(terminal),
            },
            cancellation));
        return command;
    }

    /// <summary>Where the data is, as the command line says it.</summary>
    static VenueServerOptions Place(System.CommandLine.ParseResult parsed) => new()
    {
        DataFile = parsed.GetValue(_data)?.FullName,
        Postgres = Postgres(parsed.GetValue(_postgres), parsed.GetValue(_data)),
    };

    static Command CreateBackup(Terminal terminal)
    {
        Option<FileInfo> copy = new("--out") { Description = "File to make; one that is there stays.", Required = true };
        Command command = new("backup", "Copy the data file as it is at one instant, also while a server uses it.")
        {
            copy,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            FileInfo file = parsed.GetValue(copy)!;
            FileInfo data = parsed.GetValue(_data)
                ?? throw ToolException.BadInput("say which file with --data FILE; a database is copied with pg_dump.");
            await VenueServer.BackupAsync(data.FullName, file.FullName, cancellation).ConfigureAwait(false);
            terminal.Say($"{file.FullName} is written.");
            return ExitCode.Done;
        });
        return command;
    }

    static async Task<int> RunAsync(Terminal terminal, VenueServerOptions options, CancellationToken cancellation)
    {
        VenueServer server;
        try
        {
            server = await VenueServer.StartAsync(options, cancellation).ConfigureAwait(false);
        }
        catch (ArgumentException exception)
        {
            throw ToolException.BadInput($"the server cannot start: {exception.Message}", exception);
        }
        catch (IOException exception) when (exception is not VenueDataException)
        {
            throw new ToolException(
                ExitCode.Unreachable, $"the server cannot start at {options.EndPoint}: {exception.Message}", exception);
        }

        await using var _ = server.ConfigureAwait(false);
        if (server.NewKey is { } key)
        {
            terminal.Say("the first key, which may do everything; it is shown this once and kept only as a hash:");
            terminal.Print(key);
        }

        if (options.Page)
            terminal.Say($"the page is at {new Uri(server.BaseAddress, "/")}");
        terminal.Say($"listening at {server.BaseAddress}, data in {options.DataPlace}; Ctrl-C ends it.");
        await Task.Delay(Timeout.Infinite, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        using CancellationTokenSource limit = new(StopTime);
        await server.StopAsync(limit.Token).ConfigureAwait(false);
        terminal.Say($"stopped; {server.Counters.Inserted:N0} passings stored in this run.");
        return ExitCode.Done;
    }

    /// <summary>The connection string; a password in it would be read in the list of processes.</summary>
    static string? Postgres(string? connectionString, FileInfo? data)
    {
        if (connectionString is null == data is null)
            throw ToolException.BadInput("say where the data is kept: either --data FILE or --postgres CONNECTION.");
        return connectionString is null || !HasPassword(connectionString)
            ? connectionString
            : throw ToolException.BadInput(
                "--postgres holds a password, which everyone on this machine can read in the list of processes: leave "
                + "it out, and put it in the environment variable PGPASSWORD or in a passfile (~/.pgpass).");
    }

    static bool HasPassword(string connectionString)
    {
        try
        {
            NpgsqlConnectionStringBuilder settings = new(connectionString);
            return settings.Password is not null || settings.SslPassword is not null;
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or InvalidCastException
            or OverflowException or NotSupportedException or KeyNotFoundException)
        {
            return false; // The server says what is wrong, without repeating it.
        }
    }

    static VenueKey[] ReadKey(FileInfo? file) => file is null
        ? []
        : [new("file", KeyArguments.ReadFile(file), VenueAccess.ReadWrite | VenueAccess.Unbind)];

    static IPEndPoint EndPointOf(string url, bool allowRemote)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out Uri? address) || address.Scheme != "http"
            || address.PathAndQuery != "/" || address.UserInfo.Length > 0)
        {
            throw ToolException.BadInput($"--urls is '{url}'; write one address such as http://127.0.0.1:8080.");
        }

        IPAddress? host = address.Host == "localhost" ? IPAddress.Loopback : null;
        if (host is null && !IPAddress.TryParse(address.DnsSafeHost, out host))
        {
            throw ToolException.BadInput(
                $"--urls names the host '{address.Host}'; give an IP address of this machine (0.0.0.0: all) or localhost.");
        }

        return allowRemote || IPAddress.IsLoopback(host)
            ? new(host, address.Port)
            : throw ToolException.BadInput(
                $"--urls is {url}, which other machines can reach; add --allow-remote if they should.");
    }
}
