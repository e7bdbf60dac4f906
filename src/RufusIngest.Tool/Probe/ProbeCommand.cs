using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text;
using RufusIngest.Cloud;

namespace RufusIngest.Tool.Probe;

/// <summary>
/// <c>probe</c>: finds out by experiment what the API's pages leave open. Done also when some questions stay open; ends
/// early with <see cref="ExitCode.Unreachable"/> when the server cannot be reached at the start, and with
/// <see cref="ExitCode.Refused"/> when it refuses the key, gives no device, or the device is in use.
/// </summary>
static class ProbeCommand
{
    const int FewestPassings = 4;
    const int MostPassings = 1_000_000;

    public static Command Create(Terminal terminal)
    {
        Option<string> device = new("--device")
        {
            Description = "Serial number of a throw-away device; it is bound when it is not yet.",
            Required = true,
        };
        Option<string> address = new("--base-address")
        {
            Description = "Base address of the API.",
            DefaultValueFactory = _ => RufusCloudClient.DefaultAddress,
        };
        Option<string?> key = CommonOptions.ApiKey();
        Option<FileInfo?> keyFile = new("--api-key-file")
        {
            Description = "File that holds the API key and nothing else.",
        };
        Option<FileInfo?> profile = new("--profile") { Description = "File to write the profile to." };
        Option<FileInfo?> record = new("--record")
        {
            Description = "File to write every exchange to, a JSON object a line, without the key.",
        };
        Option<int> passings = MaxPassings();
        Option<bool> yes = new("--yes") { Description = "Do not ask." };
        Option<bool> replace = new("--replace-active")
        {
            Description = "Go on when the device has an active session or the key cannot tell; it is closed.",
        };
        Option<bool> unbind = new("--unbind")
        {
            Description = "Unbind the device at the end: destroys all that is stored of it.",
        };
        Option<bool> json = CommonOptions.Json("Profile, findings and number of exchanges as one JSON object.");
        Command command = new("probe", "Find out by experiment how a server does what the API's pages leave open.")
        {
            device, address, key, keyFile, profile, record, passings, yes, replace, unbind, json,
        };
        device.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && string.IsNullOrWhiteSpace(text))
                result.AddError("--device must be a serial number.");
        });
        command.SetAction(async (parsed, cancellation) =>
        {
            ProbeSettings settings = new()
            {
                Address = ReadAddress(parsed.GetValue(address)!),
                ApiKey = ReadKey(parsed.GetValue(key), parsed.GetValue(keyFile)),
                Serial = parsed.GetValue(device)!,
                MaxPassings = parsed.GetValue(passings),
                ReplaceActive = parsed.GetValue(replace),
                Unbind = parsed.GetValue(unbind),
                Record = parsed.GetValue(record),
                Profile = parsed.GetValue(profile),
                Json = parsed.GetValue(json),
            };
            terminal.Say(new KeyCleaner(settings.ApiKey).Clean(settings.Announcement));
            if (!parsed.GetValue(yes))
                await RequireYesAsync(terminal, cancellation).ConfigureAwait(false);

            // A redirect would carry the key to another host.
            SocketsHttpHandler handler = new() { AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(10) };
            await RunAsync(terminal, settings, handler, TimeProvider.System, cancellation).ConfigureAwait(false);
            return ExitCode.Done;
        });
        return command;
    }

    /// <summary>Probes, shows and writes what was found. Disposes the handler.</summary>
    public static async Task<ProbeResult> RunAsync(
        Terminal terminal, ProbeSettings settings, HttpMessageHandler handler, TimeProvider time,
        CancellationToken cancellation)
    {
        RequireFolder(settings.Profile);
        using StreamWriter? record = Create(settings.Record);
        using ProbeClient client = new(handler, settings.Address, settings.ApiKey, time, record);
        ProbeResult result = await new ProbeRun(settings, client, terminal.Say).RunAsync(cancellation)
            .ConfigureAwait(false);
        if (settings.Json)
            result.WriteJson(terminal.Output);
        else
            result.WriteTable(terminal.Console);
        Save(result.Profile, settings.Profile);
        return result;
    }

    static Option<int> MaxPassings()
    {
        Option<int> option = new("--max-passings")
        {
            Description = "Largest request that is tried, in passings.",
            DefaultValueFactory = _ => 5_000,
        };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && int.TryParse(text, out int value)
                && value is < FewestPassings or > MostPassings)
            {
                result.AddError($"--max-passings must be {FewestPassings} to {MostPassings}.");
            }
        });
        return option;
    }

    static Uri ReadAddress(string text) =>
        Uri.TryCreate(text.EndsWith('/') ? text : text + "/", UriKind.Absolute, out Uri? address)
        && address.Scheme is "http" or "https" && address.UserInfo.Length == 0 && address.Query.Length == 0
            ? address
            : throw ToolException.BadInput($"--base-address must be written as {RufusCloudClient.DefaultAddress}.");

    static string ReadKey(string? given, FileInfo? file)
    {
        if (given is not null && file is not null)
            throw ToolException.BadInput("give --api-key or --api-key-file, not both.");
        string? key = given;
        try
        {
            key ??= file is null ? null : File.ReadAllText(file.FullName).Trim();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw ToolException.BadInput($"{file!.FullName} cannot be read: {exception.Message}", exception);
        }

        key ??= Environment.GetEnvironmentVariable(CommonOptions.ApiKeyVariable);
        if (string.IsNullOrWhiteSpace(key))
        {
            throw ToolException.BadInput(
                $"there is no API key: give --api-key or --api-key-file, or set {CommonOptions.ApiKeyVariable}.");
        }

        return key.AsSpan().ContainsAnyExceptInRange('!', '~')
            ? throw ToolException.BadInput("the API key must be visible ASCII, without spaces.")
            : key;
    }

    static async Task RequireYesAsync(Terminal terminal, CancellationToken cancellation)
    {
        if (!terminal.ErrorConsole.Profile.Out.IsTerminal || Console.IsInputRedirected)
            throw ToolException.BadInput("nobody can be asked here; say --yes.");
        await terminal.Error.WriteAsync("Go on? [y/N] ".AsMemory(), cancellation).ConfigureAwait(false);
        string? answer = await Task.Run(Console.ReadLine, cancellation).WaitAsync(cancellation).ConfigureAwait(false);
        if (answer?.Trim().ToUpperInvariant() is not ("Y" or "YES"))
            throw ToolException.BadInput("nothing was done.");
    }

    static void RequireFolder(FileInfo? file)
    {
        if (file is { Directory.Exists: false } || Directory.Exists(file?.FullName))
            throw ToolException.BadInput($"{file!.FullName} cannot be written (--profile).");
    }

    static StreamWriter? Create(FileInfo? file)
    {
        try
        {
            return file is null ? null : new StreamWriter(file.FullName, append: false, new UTF8Encoding(false));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw ToolException.BadInput($"{file!.FullName} cannot be written: {exception.Message}", exception);
        }
    }

    static void Save(CloudProfile profile, FileInfo? file)
    {
        try
        {
            if (file is not null)
                profile.Save(file.FullName);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw ToolException.BadInput($"{file!.FullName} cannot be written: {exception.Message}", exception);
        }
    }
}
