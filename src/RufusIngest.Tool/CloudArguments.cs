using System.CommandLine;
using RufusIngest.Cloud;

namespace RufusIngest.Tool;

/// <summary>Which headers the key goes in.</summary>
enum KeyHeaders
{
    Both,
    ApiKey,
    XApiKey,
}

/// <summary>Where the server is, how it wants to be spoken to, and the key: what every command that calls it takes.</summary>
sealed class CloudArguments
{
    const string KeyFileVariable = "RUFUS_API_KEY_FILE";

    readonly Option<string?> _address;
    readonly Option<string?> _key = CommonOptions.ApiKey();
    readonly Option<FileInfo?> _keyFile = new("--api-key-file")
    {
        Description = $"File that holds the API key; without it the environment variable {KeyFileVariable}.",
    };

    readonly Option<KeyHeaders> _headers = new("--key-header")
    {
        Description = "Header the key goes in: Both, ApiKey (api_key) or XApiKey (x-api-key).",
    };

    readonly Option<FileInfo?> _profile = new("--profile")
    {
        Description = "What 'probe' found out about the server.",
    };

    /// <summary>Options of an address that is named otherwise, and may be left out.</summary>
    public CloudArguments(Option<string?> address) => _address = address;

    public CloudArguments()
        : this(new("--base-address")
        {
            Description = "Base address of the API.",
            DefaultValueFactory = _ => RufusCloudClient.DefaultAddress,
        })
    {
    }

    public void AddTo(Command command, bool recursive = false)
    {
        foreach (Option option in (Option[])[_address, _key, _keyFile, _headers, _profile])
        {
            option.Recursive = recursive;
            command.Options.Add(option);
        }
    }

    /// <summary>Makes a client of what the command line says; the caller disposes it.</summary>
    public CloudConnection Connect(System.CommandLine.ParseResult parsed, RufusCloudOptions? options = null)
    {
        KeyHeaders headers = parsed.GetValue(_headers);
        return CloudConnection.Open(
            parsed.GetValue(_address)!,
            ReadKey(parsed),
            (options ?? new()) with
            {
                SendApiKeyHeader = headers != KeyHeaders.XApiKey,
                SendXApiKeyHeader = headers != KeyHeaders.ApiKey,
                Profile = ReadProfile(parsed.GetValue(_profile)),
            });
    }

    /// <summary>The key: named, in a file, or in the environment.</summary>
    public string? ReadKey(System.CommandLine.ParseResult parsed)
    {
        if (parsed.GetValue(_key) is { } named)
            return named;
        string? variable = Environment.GetEnvironmentVariable(CommonOptions.ApiKeyVariable);
        FileInfo? file = parsed.GetValue(_keyFile);
        if (file is null && string.IsNullOrWhiteSpace(variable)
            && Environment.GetEnvironmentVariable(KeyFileVariable) is { Length: > 0 } path)
            file = new(path);
        if (file is null)
            return variable;
        try
        {
            return File.ReadAllText(file.FullName).Trim();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw ToolException.BadInput($"the file of the API key cannot be read: {exception.Message}", exception);
        }
    }

    static CloudProfile? ReadProfile(FileInfo? file)
    {
        if (file is null)
            return null;
        try
        {
            return CloudProfile.Load(file.FullName);
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw ToolException.BadInput($"the profile cannot be used: {exception.Message}", exception);
        }
    }
}
