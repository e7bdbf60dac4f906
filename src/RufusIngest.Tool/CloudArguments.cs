using System.CommandLine;
using RufusIngest.Cloud;

namespace RufusIngest.Tool;

/// <summary>Where the server is, how it wants to be spoken to, and the key: what every command that calls it takes.</summary>
sealed class CloudArguments
{
    readonly Option<string?> _address;
    readonly KeyArguments _key = new();
    readonly Option<KeyHeaders> _headers = new("--key-header")
    {
        Description = "Header the key goes in: Both, ApiKey (api_key) or XApiKey (x-api-key).",
        DefaultValueFactory = _ => KeyHeaders.Both,
    };

    readonly Option<FileInfo?> _profile = new("--profile")
    {
        Description = "What 'probe' found out about the server.",
    };

    /// <summary>Options of an address that is named otherwise, and may be left out.</summary>
    public CloudArguments(Option<string?> address) => _address = address;

    public CloudArguments()
        : this(CommonOptions.BaseAddress()!)
    {
    }

    public void AddTo(Command command, bool recursive = false)
    {
        foreach (Option option in (Option[])[_address, _headers, _profile])
        {
            option.Recursive = recursive;
            command.Options.Add(option);
        }

        _key.AddTo(command, recursive);
    }

    /// <summary>Makes a client of what the command line says; the caller disposes it.</summary>
    public CloudConnection Connect(System.CommandLine.ParseResult parsed, RufusCloudOptions? options = null)
    {
        KeyHeaders headers = parsed.GetValue(_headers);
        return CloudConnection.Open(
            parsed.GetValue(_address)!,
            _key.Read(parsed),
            (options ?? new()) with
            {
                SendApiKeyHeader = headers.HasFlag(KeyHeaders.ApiKey),
                SendXApiKeyHeader = headers.HasFlag(KeyHeaders.XApiKey),
                Profile = ReadProfile(parsed.GetValue(_profile)),
            });
    }

    public static CloudProfile? ReadProfile(FileInfo? file)
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
