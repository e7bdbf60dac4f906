using System.CommandLine;
using RufusIngest.Server;
using RufusIngest.Tool.Api;

namespace RufusIngest.Tool;

/// <summary><c>serve keys</c>: the keys that a venue server's data keeps, also while it runs.</summary>
static class ServeKeysCommand
{
    static readonly Option<string> _company = new("--company")
    {
        Description = "Whose key; a company sees its own devices, sessions and passings only.",
        DefaultValueFactory = _ => VenueKey.DefaultCompany,
    };

    /// <param name="terminal">Where results go.</param>
    /// <param name="place">Where the data is, as the command line says it.</param>
    public static Command Create(Terminal terminal, Func<System.CommandLine.ParseResult, VenueServerOptions> place)
    {
        Command command = new(
            "keys", "List, add and revoke the keys that the data keeps. A server that runs learns of it within 5 seconds.");
        command.Subcommands.Add(CreateList(terminal, place));
        command.Subcommands.Add(CreateAdd(terminal, place));
        command.Subcommands.Add(CreateRevoke(terminal, place));
        return command;
    }

    static Command CreateList(Terminal terminal, Func<System.CommandLine.ParseResult, VenueServerOptions> place)
    {
        Option<bool> json = CommonOptions.Json("A JSON object a line.");
        Command command = new("list", "Show names and what they may do; secrets are kept by nobody.") { json };
        command.SetAction(async (parsed, cancellation) =>
        {
            Listing<KeptVenueKey> listing = new(
                terminal,
                [
                    new("Company", "company", key => key.Company),
                    new("Name", "name", key => key.Name),
                    new("Access", "access", key => Words(key.Access)),
                    new("Added", "created", key => key.Created),
                ],
                parsed.GetValue(json));
            IReadOnlyList<KeptVenueKey> keys = await VenueKeys.ListAsync(place(parsed), cancellation).ConfigureAwait(false);
            await listing.WriteAsync(keys.ToAsyncEnumerable(), "no key is kept.", cancellation).ConfigureAwait(false);
            return ExitCode.Done;
        });
        return command;
    }

    static Command CreateAdd(Terminal terminal, Func<System.CommandLine.ParseResult, VenueServerOptions> place)
    {
        Option<string> name = Name();
        Option<VenueAccess> access = new("--access")
        {
            Description = "Read, Write or ReadWrite.",
            DefaultValueFactory = _ => VenueAccess.ReadWrite,
        };
        Option<bool> unbind = new("--unbind") { Description = "It may unbind devices too." };
        Option<FileInfo?> file = new("--api-key-file")
        {
            Description = "File that holds the key; without it one is made and shown this once.",
        };
        Command command = new("add", "Add a key. A company has at most 10.") { name, access, unbind, _company, file };
        command.SetAction(async (parsed, cancellation) =>
        {
            VenueAccess may = parsed.GetValue(access);
            if (may is not (VenueAccess.Read or VenueAccess.Write or VenueAccess.ReadWrite))
                throw ToolException.BadInput("--access is Read, Write or ReadWrite.");
            if (parsed.GetValue(unbind))
                may |= VenueAccess.Unbind;
            string called = parsed.GetValue(name)!;
            VenueKey key = (parsed.GetValue(file) is { } given
                ? new VenueKey(called, KeyArguments.ReadFile(given), may)
                : VenueKey.Random(called, may)) with
            { Company = parsed.GetValue(_company)! };
            if (!await AddAsync(place(parsed), key, cancellation).ConfigureAwait(false))
            {
                throw ToolException.BadInput(
                    $"key {called} is not added: company {key.Company} has one of this name or 10 keys, or the key itself "
                    + "is there already. 'serve keys list' shows them, 'serve keys revoke' makes room.");
            }

            terminal.Say($"key {called} of company {key.Company} is added; it is kept only as a hash.");
            if (parsed.GetValue(file) is null)
                terminal.Print(key.Key);
            return ExitCode.Done;
        });
        return command;
    }

    static async Task<bool> AddAsync(VenueServerOptions place, VenueKey key, CancellationToken cancellation)
    {
        try
        {
            return await VenueKeys.AddAsync(place, key, cancellation).ConfigureAwait(false);
        }
        catch (ArgumentException exception)
        {
            throw ToolException.BadInput(exception.Message, exception);
        }
    }

    static Command CreateRevoke(Terminal terminal, Func<System.CommandLine.ParseResult, VenueServerOptions> place)
    {
        Option<string> name = Name();
        Command command = new("revoke", "Revoke a key, and the page's sign-ins with it.") { name, _company };
        command.SetAction(async (parsed, cancellation) =>
        {
            (string called, string company) = (parsed.GetValue(name)!, parsed.GetValue(_company)!);
            if (!await VenueKeys.RemoveAsync(place(parsed), company, called, cancellation).ConfigureAwait(false))
                throw ToolException.BadInput($"company {company} has no key {called}; 'serve keys list' shows them.");
            terminal.Say($"key {called} of company {company} is revoked.");
            return ExitCode.Done;
        });
        return command;
    }

    static Option<string> Name() => new("--name")
    {
        Description = "What the key is called, in logs too.",
        Required = true,
        Validators =
        {
            result =>
            {
                if (result.Tokens is [{ Value: var text }] && string.IsNullOrWhiteSpace(text))
                    result.AddError("--name must not be empty.");
            },
        },
    };

    /// <summary>As the API calls it.</summary>
    static string Words(VenueAccess access)
    {
        string type = (access & VenueAccess.ReadWrite) switch
        {
            VenueAccess.Read => "READ",
            VenueAccess.Write => "WRITE",
            VenueAccess.ReadWrite => "READ_WRITE",
            _ => "none",
        };
        return access.HasFlag(VenueAccess.Unbind) ? type + ", unbind" : type;
    }
}
