using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text;
using RufusIngest.Cloud;
using RufusIngest.Hosting;

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
        Option<string> address = CommonOptions.BaseAddress();
        KeyArguments key = new();
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
            device, address, profile, record, passings, yes, replace, unbind, json,
        };
        key.AddTo(command);
        device.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && string.IsNullOrWhiteSpace(text))
                result.AddError("--device must be a serial number.");
        });
        command.SetAction(async (parsed, cancellation) =>
        {
            ProbeSettings settings = new()
            {
                Address = CloudConnection.ReadAddress(parsed.GetValue(address)!),
                ApiKey = key.Read(parsed),
                Serial = parsed.GetValue(device)!,
                MaxPassings = parsed.GetValue(passings),
                ReplaceActive = parsed.GetValue(replace),
                Unbind = parsed.GetValue(unbind),
                Record = parsed.GetValue(record),
                Profile = parsed.GetValue(profile),
                Json = parsed.GetValue(json),
            };
            terminal.Say(new KeyCleaner(settings.ApiKey).Clean(settings.Announcement));
            if (!parsed.GetValue(yes) && terminal.Ask("Go on?") is var answer and not true)
                throw ToolException.BadInput(answer is null ? "nobody can be asked here; say --yes." : "nothing was done.");

            HttpMessageHandler handler = ReadResilience.CreatePrimaryHandler(); // It repeats what it may by itself.
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
