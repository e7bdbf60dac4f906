using RufusIngest.Server;

namespace RufusIngest.Tests.Support;

/// <summary>Marks a test class whose venue servers keep everything in a file: the same tests as its base class's.</summary>
interface ISqliteVenueTests;

/// <summary>Chooses where the venue servers of a test keep their data, by its class, and tidies up.</summary>
static class VenueFiles
{
    /// <summary>The options with a new file, where the running test's class asks for one.</summary>
    public static VenueServerOptions Stored(VenueServerOptions options) =>
        TestContext.Current.TestClassInstance is ISqliteVenueTests && options.DataFile is null
            ? options with { DataFile = NewFile() }
            : options;

    /// <summary>A file that is not there yet, in a folder of its own.</summary>
    public static string NewFile() =>
        Path.Combine(Directory.CreateTempSubdirectory("rufus-venue-").FullName, "venue.db");

    /// <summary>Removes a file of <see cref="NewFile"/> with all that lies beside it.</summary>
    public static void Remove(VenueServerOptions options)
    {
        if (options.DataFile is { } file)
            Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
    }
}
