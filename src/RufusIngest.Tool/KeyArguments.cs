using System.CommandLine;

namespace RufusIngest.Tool;

/// <summary>Where the API key comes from: the command line, a file or the environment.</summary>
sealed class KeyArguments
{
    const string FileVariable = "RUFUS_API_KEY_FILE";

    readonly Option<string?> _key = new("--api-key")
    {
        Description = $"API key; without it --api-key-file or the environment variable {CommonOptions.ApiKeyVariable}.",
    };

    readonly Option<FileInfo?> _file = new("--api-key-file")
    {
        Description = $"File that holds the API key; without it the environment variable {FileVariable}.",
    };

    public void AddTo(Command command, bool recursive = false)
    {
        foreach (Option option in (Option[])[_key, _file])
        {
            option.Recursive = recursive;
            command.Options.Add(option);
        }
    }

    /// <summary>The key; what is named goes before the environment.</summary>
    /// <exception cref="ToolException">There is none, there are two, or it cannot be read.</exception>
    public string Read(System.CommandLine.ParseResult parsed)
    {
        string? key = parsed.GetValue(_key);
        FileInfo? file = parsed.GetValue(_file);
        if (key is not null && file is not null)
            throw ToolException.BadInput("give --api-key or --api-key-file, not both.");
        if (key is null && file is null)
        {
            key = Environment.GetEnvironmentVariable(CommonOptions.ApiKeyVariable);
            string? path = Environment.GetEnvironmentVariable(FileVariable);
            file = string.IsNullOrWhiteSpace(key) && !string.IsNullOrWhiteSpace(path) ? new(path) : null;
        }

        if (file is not null)
            key = ReadFile(file);
        if (string.IsNullOrWhiteSpace(key))
        {
            throw ToolException.BadInput(
                $"there is no API key: give --api-key or --api-key-file, or set {CommonOptions.ApiKeyVariable}.");
        }

        return key.AsSpan().ContainsAnyExceptInRange('!', '~')
            ? throw ToolException.BadInput("the API key must be visible ASCII, without spaces.")
            : key;
    }

    public static string ReadFile(FileInfo file)
    {
        try
        {
            return File.ReadAllText(file.FullName).Trim();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw ToolException.BadInput($"the file of the API key cannot be read: {exception.Message}", exception);
        }
    }
}
