using System.CommandLine;

namespace RufusIngest.Tool;

/// <summary>Where an API key comes from: the command line, a file or the environment.</summary>
/// <param name="name">The option, without dashes; that of its file has <c>-file</c> behind it.</param>
/// <param name="variable">The environment variable; that of its file has <c>_FILE</c> behind it.</param>
sealed class KeyArguments(string name = "api-key", string variable = CommonOptions.ApiKeyVariable)
{
    readonly Option<string?> _key = new($"--{name}")
    {
        Description = $"API key; without it --{name}-file or the environment variable {variable}.",
    };

    readonly Option<FileInfo?> _file = new($"--{name}-file")
    {
        Description = $"File that holds the API key; without it the environment variable {variable}_FILE.",
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
            throw ToolException.BadInput($"give --{name} or --{name}-file, not both.");
        if (key is null && file is null)
        {
            key = Environment.GetEnvironmentVariable(variable);
            string? path = Environment.GetEnvironmentVariable($"{variable}_FILE");
            file = string.IsNullOrWhiteSpace(key) && !string.IsNullOrWhiteSpace(path) ? new(path) : null;
        }

        if (file is not null)
            key = ReadFile(file);
        if (string.IsNullOrWhiteSpace(key))
        {
            throw ToolException.BadInput(
                $"there is no API key: give --{name} or --{name}-file, or set {variable}.");
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
