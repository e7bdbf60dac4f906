using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace RufusIngest.Tests;

/// <summary>
/// Holds the arrows of docs/design.md: which folder of the library may name which, which project may reference which,
/// and that the library needs two packages and no more.
/// </summary>
public sealed partial class LayerTests
{
    /// <summary>Each folder and the folders it may name. Files at the root are the door and may name all.</summary>
    static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Reads"] = [],
        ["Readers"] = ["Reads"],
        ["Passings"] = ["Reads"],
        ["Records"] = ["Reads", "Readers", "Passings"],
        ["Cloud"] = ["Passings"],
    };

    static readonly string Source = Path.GetFullPath(Path.Combine(TestFolder(), "..", "..", "src"));

    [Fact]
    public void Every_folder_of_the_library_names_only_the_folders_below_it()
    {
        string library = Path.Combine(Source, "RufusIngest");
        List<string> violations = [];
        foreach (string file in SourceFiles(library))
        {
            string[] parts = Path.GetRelativePath(library, file).Split(Path.DirectorySeparatorChar);
            string folder = parts.Length == 1 ? "" : parts[0];
            violations.AddRange(Violations(folder, File.ReadAllText(file)).Select(v => $"{string.Join('/', parts)}: {v}"));
        }

        Assert.Empty(violations);
    }

    [Fact]
    public void The_library_has_exactly_the_folders_that_have_rules()
    {
        string library = Path.Combine(Source, "RufusIngest");
        var folders = SourceFiles(library).Select(file => Path.GetRelativePath(library, file).Split(Path.DirectorySeparatorChar))
            .Where(parts => parts.Length > 1).Select(parts => parts[0]).Distinct();
        Assert.Equal(Allowed.Keys.Order(), folders.Order());
    }

    [Theory]
    [InlineData("Reads", "namespace RufusIngest.Reads;\nusing RufusIngest.Readers;", "names Readers")]
    [InlineData("Reads", "namespace RufusIngest.Reads;\nclass A { RufusIngest.Passings.Passing p; }", "names Passings")]
    [InlineData("Readers", "using P = RufusIngest.Passings.Passing;\nnamespace RufusIngest.Readers;", "names Passings")]
    [InlineData("Passings", "using static RufusIngest.Readers.A;\nnamespace RufusIngest.Passings;", "names Readers")]
    [InlineData("Passings", "namespace RufusIngest.Passings;\nclass A { Readers.ReaderProtocol p; }", "names Readers")]
    [InlineData("Records", "using RufusIngest.Cloud;\nnamespace RufusIngest.Records;", "names Cloud")]
    [InlineData("Cloud", "global using RufusIngest.Records;\nnamespace RufusIngest.Cloud;", "names Records")]
    [InlineData("Cloud", "namespace RufusIngest.Cloud;\nclass A { global::RufusIngest.Reads.ChipRead r; }", "names Reads")]
    [InlineData("Cloud", "namespace RufusIngest.Cloud;\nclass A { IngestPipeline p; }", "names the door")]
    [InlineData("Readers", "namespace RufusIngest.Passings;", "is in namespace RufusIngest.Passings")]
    [InlineData("", "namespace RufusIngest.Passings;", "is in namespace RufusIngest.Passings")]
    [InlineData("Other", "namespace RufusIngest.Other;", "has no rules")]
    public void The_check_finds_what_breaks_a_rule(string folder, string text, string violation) =>
        Assert.Contains(Violations(folder, text), found => found.Contains(violation, StringComparison.Ordinal));

    [Theory]
    [InlineData("Cloud", "using RufusIngest.Passings;\nnamespace RufusIngest.Cloud;\nclass A { Passings.Passing p; }")]
    [InlineData("Cloud", "namespace RufusIngest.Cloud;\n/// <summary>As RufusIngest.Reads says.</summary>\nclass A;")]
    [InlineData("Cloud", "namespace RufusIngest.Cloud;\nclass A { const string Meter = \"RufusIngest.Reads.X\"; }")]
    [InlineData("Passings", "namespace RufusIngest.Passings;\nclass A { int n = counters.Readers.Count + this.Records.Count; }")]
    [InlineData("", "using RufusIngest.Cloud;\nnamespace RufusIngest;")]
    [InlineData("Readers", "using RufusIngest.Reads;\nnamespace RufusIngest.Readers.Framing;")]
    public void The_check_lets_pass_what_keeps_the_rules(string folder, string text) => Assert.Empty(Violations(folder, text));

    [Theory]
    [InlineData("RufusIngest")]
    [InlineData("RufusIngest.Simulators")]
    [InlineData("RufusIngest.Server", "RufusIngest")]
    [InlineData("RufusIngest.Journal", "RufusIngest")]
    [InlineData("RufusIngest.Hosting", "RufusIngest", "RufusIngest.Journal")]
    [InlineData(
        "RufusIngest.Tool", "RufusIngest", "RufusIngest.Hosting", "RufusIngest.Journal", "RufusIngest.Server",
        "RufusIngest.Simulators")]
    public void A_project_references_the_projects_it_may(string project, params string[] expected) =>
        Assert.Equal(
            expected,
            References(project, "ProjectReference").Select(path => Path.GetFileNameWithoutExtension(path.Replace('\\', '/')))
                .Order());

    [Fact]
    public void The_library_needs_two_packages_and_no_framework_beyond_the_base_one()
    {
        Assert.Equal(
            ["Microsoft.Extensions.Logging.Abstractions", "Microsoft.Extensions.ObjectPool"],
            References("RufusIngest", "PackageReference").Order());
        Assert.Empty(References("RufusIngest", "FrameworkReference"));
        Assert.Empty(References("RufusIngest.Simulators", "PackageReference"));
        Assert.Equal(["Microsoft.Data.Sqlite", "Npgsql"], References("RufusIngest.Server", "PackageReference"));
    }

    [Fact]
    public void Only_hosting_knows_dependency_injection()
    {
        string[] knowing = ["DependencyInjection", "Hosting", "Options", "Configuration", "Http", "Diagnostics"];
        string[] projects = [.. Directory.EnumerateDirectories(Source).Select(Path.GetFileName).OfType<string>()
            .Where(project => File.Exists(Path.Combine(Source, project, project + ".csproj")))
            .Where(project => References(project, "PackageReference").Any(package => knowing.Any(
                word => package.StartsWith("Microsoft.Extensions." + word, StringComparison.Ordinal))))];
        Assert.Equal(["RufusIngest.Hosting"], projects);
    }

    [Fact]
    public void What_all_source_projects_share_reaches_no_user_of_the_library()
    {
        XDocument shared = XDocument.Load(Path.Combine(Source, "Directory.Build.props"));
        Assert.All(shared.Descendants("PackageReference"), package => Assert.Equal("all", (string?)package.Attribute("PrivateAssets")));
        Assert.Empty(shared.Descendants("ProjectReference"));
    }

    static IEnumerable<string> Violations(string folder, string text)
    {
        string code = CommentsAndStrings().Replace(text, " ");
        string home = folder.Length == 0 ? "RufusIngest" : $"RufusIngest.{folder}";
        foreach (Match declared in Namespace().Matches(code))
        {
            string name = declared.Groups[1].Value;
            bool within = folder.Length > 0 && name.StartsWith(home + ".", StringComparison.Ordinal);
            if (name != home && !within)
                yield return $"is in namespace {name}";
        }

        if (folder.Length == 0)
            yield break;
        if (!Allowed.TryGetValue(folder, out string[]? allowed))
        {
            yield return $"'{folder}' has no rules";
            yield break;
        }

        foreach (string named in Named().Matches(code).Select(match => match.Groups[1].Value).Distinct())
        {
            if (named != folder && !allowed.Contains(named))
                yield return $"names {named}";
        }

        if (Door().IsMatch(code))
            yield return "names the door";
    }

    static IEnumerable<string> SourceFiles(string project) =>
        Directory.EnumerateFiles(project, "*.cs", SearchOption.AllDirectories)
            .Where(file => Path.GetRelativePath(project, file).Split(Path.DirectorySeparatorChar)[0] is not ("bin" or "obj"));

    static IEnumerable<string> References(string project, string kind) =>
        XDocument.Load(Path.Combine(Source, project, project + ".csproj")).Descendants(kind)
            .Select(reference => (string)reference.Attribute("Include")!);

    static string TestFolder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;

    [GeneratedRegex("""//[^\n]*|/\*.*?\*/|"{3,}.*?"{3,}|@"(?:[^"]|"")*"|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])+'""",
        RegexOptions.Singleline)]
    private static partial Regex CommentsAndStrings();

    [GeneratedRegex(@"\bnamespace\s+([\w.]+)")]
    private static partial Regex Namespace();

    /// <summary>A folder's namespace with RufusIngest before it, or alone where no value's member can be meant.</summary>
    [GeneratedRegex(@"(?:\bRufusIngest\.|(?<![\w.\])])(?=(?:Reads|Readers|Passings|Records|Cloud)\.[A-Z]\w*[\s>?\[,(]))(\w+)")]
    private static partial Regex Named();

    [GeneratedRegex(@"\bIngest(?:Pipeline|Options|Metrics)\b")]
    private static partial Regex Door();
}
