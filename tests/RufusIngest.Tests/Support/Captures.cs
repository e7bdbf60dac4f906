using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using RufusIngest.Tests.Support;

[assembly: AssemblyFixture(typeof(CaptureReport))]

namespace RufusIngest.Tests.Support;

/// <summary>Device data beside the checkout; it is not part of the project, and tests that need it skip without it.</summary>
static class Captures
{
    static readonly string Root = Path.GetFullPath(Path.Combine(SourceFolder(), "..", "..", "..", "..", "shared", "captures"));

    /// <summary>Folders that tests asked for in this run, and whether they are there.</summary>
    public static ConcurrentDictionary<string, bool> Asked { get; } = new();

    /// <summary>The path of a capture; skips the calling test, saying so, where the folder is absent.</summary>
    public static string PathOf(string folder, string file)
    {
        string path = Path.Combine(Root, folder);
        bool isThere = Asked.GetOrAdd(folder, Directory.Exists(path));
        Assert.SkipUnless(isThere, $"capture folder '{folder}' is absent");
        return Path.Combine(path, file);
    }

    public static byte[] Read(string folder, string file) => File.ReadAllBytes(PathOf(folder, file));

    static string SourceFolder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}

/// <summary>
/// Writes beside the test assembly, when all tests have run, which capture folders were read and which were missed: a
/// skipped test is easily overlooked, a run without any device data should not be.
/// </summary>
sealed class CaptureReport : IDisposable
{
    public const string FileName = "capture-folders.txt";

    static readonly string FilePath = Path.Combine(AppContext.BaseDirectory, FileName);

    public CaptureReport() => File.Delete(FilePath);

    public void Dispose() => File.WriteAllText(FilePath, Describe(Captures.Asked) + "\n");

    /// <summary><c>2 read (ipico, rfid-ultra), 0 missed</c>.</summary>
    public static string Describe(IEnumerable<KeyValuePair<string, bool>> asked)
    {
        var folders = asked.ToLookup(pair => pair.Value, pair => pair.Key);
        return $"{Count(folders[true], "read")}, {Count(folders[false], "missed")}";
    }

    static string Count(IEnumerable<string> folders, string what)
    {
        string[] names = [.. folders.Order(StringComparer.Ordinal)];
        return names.Length == 0 ? $"0 {what}" : $"{names.Length} {what} ({string.Join(", ", names)})";
    }
}
