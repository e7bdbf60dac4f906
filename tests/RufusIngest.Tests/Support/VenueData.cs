using RufusIngest.Server;

namespace RufusIngest.Tests.Support;

/// <summary>Marks a test class whose venue servers keep everything in a file: the same tests as its base class's.</summary>
interface ISqliteVenueTests;

/// <summary>The same in PostgreSQL. Without one, its tests are skipped.</summary>
interface IPostgresVenueTests;

/// <summary>Chooses where the venue servers of a test keep their data, by its class, and tidies up.</summary>
static class VenueData
{
    /// <summary>The options with a new file or schema, where the running test's class asks for one.</summary>
    public static VenueServerOptions Stored(VenueServerOptions options) =>
        options.DataFile is not null || options.Postgres is not null ? options
        : TestContext.Current.TestClassInstance switch
        {
            ISqliteVenueTests => options with { DataFile = NewFile() },
            IPostgresVenueTests => options with { Postgres = PostgresSchema.New().ConnectionString },
            _ => options,
        };

    /// <summary>A file that is not there yet, in a folder of its own.</summary>
    public static string NewFile() =>
        Path.Combine(Directory.CreateTempSubdirectory("rufus-venue-").FullName, "venue.db");

    /// <summary>Removes a file of <see cref="NewFile"/> with all that lies beside it, or a schema.</summary>
    public static void Remove(VenueServerOptions? options)
    {
        if (options?.DataFile is { } file)
            Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
        if (options?.Postgres is { } connectionString)
            new PostgresSchema(connectionString).Dispose();
    }
}
