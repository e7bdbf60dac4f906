using System.Runtime.CompilerServices;

namespace RufusIngest.Tests.Support;

/// <summary>Device data beside the checkout; it is not part of the project, and tests that need it skip without it.</summary>
static class Captures
{
    static readonly string Root = Path.GetFullPath(Path.Combine(SourceFolder(), "..", "..", "..", "..", "shared", "captures"));

    /// <summary>The path of a capture; skips the calling test, saying so, where the folder is absent.</summary>
    public static string PathOf(string folder, string file)
    {
        string path = Path.Combine(Root, folder);
        Assert.SkipUnless(Directory.Exists(path), $"capture folder '{folder}' is absent");
        return Path.Combine(path, file);
    }

    public static byte[] Read(string folder, string file) => File.ReadAllBytes(PathOf(folder, file));

    static string SourceFolder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
